import math
import os

import streamlit as st

st.title("It outlasts you")
st.write(f"Served by process {os.getpid()}; whoever started it is gone.")
waves = st.slider("Waves", 1, 10, 3)
st.line_chart([math.sin(waves * step / 16) for step in range(101)])
