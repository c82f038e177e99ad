/**
 * Reads a stream until it ends.
 *
 * @returns undefined as soon as there are more than `most` bytes: what has no end is given up there.
 */
export async function readBytes(
  stream: AsyncIterable<string | Uint8Array>,
  most: number,
): Promise<Buffer<ArrayBuffer> | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    length += bytes.length;
    if (length > most) return undefined;
  }
  return Buffer.concat(chunks);
}
