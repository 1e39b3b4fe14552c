/** Owns small geometry: rectangles, and points along a polyline. */

export const rect = (x, y, w, h) => ({ x, y, w, h });
export const grow = (box, by) => rect(box.x - by, box.y - by, box.w + 2 * by, box.h + 2 * by);
export const contains = (box, x, y) => x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h;
export const middle = (box) => ({ x: box.x + box.w / 2, y: box.y + box.h / 2 });

export function lengthOf(points) {
  let sum = 0;
  for (let index = 1; index < points.length; index += 1) sum += distance(points[index - 1], points[index]);
  return sum;
}

const distance = (a, b) => Math.hypot(b[0] - a[0], b[1] - a[1]);

/** The point at a distance along a polyline, and the direction there, in radians. */
export function pointAt(points, along) {
  let rest = along;
  for (let index = 1; index < points.length; index += 1) {
    const [a, b] = [points[index - 1], points[index]];
    const span = distance(a, b);
    if (rest <= span || index === points.length - 1) {
      const p = span ? Math.max(0, Math.min(1, rest / span)) : 0;
      return { x: a[0] + (b[0] - a[0]) * p, y: a[1] + (b[1] - a[1]) * p, angle: Math.atan2(b[1] - a[1], b[0] - a[0]) };
    }
    rest -= span;
  }
  return { x: points[0][0], y: points[0][1], angle: 0 };
}
