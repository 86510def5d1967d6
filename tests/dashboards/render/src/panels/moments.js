/** The moments that annotation frames hold. */
export function moments(frames = []) {
  return frames.flatMap((frame) => {
    const values = (name) => frame.fields.find((field) => field.name === name)?.values ?? [];
    const colors = values('color');
    return Array.from(values('time'), (time, row) => ({ time, color: colors[row] ?? '#5794F2' }));
  });
}
