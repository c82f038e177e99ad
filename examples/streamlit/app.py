import socket

import streamlit as st

VERSION = "one"

st.title(f"Release {VERSION}")
st.caption(f"served by {socket.gethostname()}")

if "clicks" not in st.session_state:
    st.session_state.clicks = 0
if st.button("Count"):
    st.session_state.clicks += 1
st.metric("Clicks", st.session_state.clicks)

print(f"release {VERSION} has run", flush=True)
