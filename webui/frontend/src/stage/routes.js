/** Owns which line a message takes: every line ends at the hub, the CRI and the kubeconfig apart. */

const MANAGER = "kube-controller-manager";

/** What the trace calls a participant → {box: what is outlined, client: whose line it uses}. */
export function participant(plan, name) {
  if (!name) return null;
  const [role, node] = name.split("/");
  if (role === "kubelet") return { box: name, client: name };
  if (role === "containerd" || role === "runtime" || role === "cri") return { box: `containerd/${node}`, client: `kubelet/${node}`, isRuntime: true };
  if (role === "node" && node) return { box: `kubelet/${node}`, client: `kubelet/${node}` };
  if (plan.boxes.has(`controller/${name}`)) return { box: `controller/${name}`, client: MANAGER };
  if (name === "apiserver") return { box: "kube-apiserver", client: "kube-apiserver" };
  if (plan.boxes.has(name)) return { box: name, client: name };
  if (name === "you" || name === "user" || name === "client") return { box: "kubectl", client: "kubectl" };
  return plan.members.has(name) ? { box: MANAGER, client: MANAGER } : null; // what runs elsewhere has no box
}

/** The polyline of a flight, from its sender to its receiver; null when one of the two is not in view. */
export function routeOf(plan, flight, places) {
  if (isTraffic(flight.from) && isTraffic(flight.to)) return trafficRoute(plan, places, flight);
  const from = participant(plan, flight.from);
  const to = participant(plan, flight.to);
  if (!from || !to) return null;
  if (from.isRuntime || to.isRuntime) return criRoute(plan, from, to);
  if (from.box === "kubeconfig" || to.box === "kubeconfig") return oriented(plan.lines.get("kubeconfig"), from.box === "kubeconfig");
  if (from.box === "etcd" || to.box === "etcd") return oriented(plan.lines.get("etcd"), to.box === "etcd");
  if (to.box === "kube-apiserver") return plan.lines.get(from.client) ?? null;
  if (from.box === "kube-apiserver") return downRoute(plan, to.client, flight.sign === "◦");
  return null;
}

function downRoute(plan, client, isWatch) {
  const watch = isWatch && plan.lines.get(`${client}/watch`);
  return watch || oriented(plan.lines.get(client), false);
}

function oriented(points, isForward) {
  if (!points) return null;
  return isForward ? points : points.slice().reverse();
}

function criRoute(plan, from, to) {
  const kubelet = plan.boxes.get(from.isRuntime ? to.box : from.box);
  const runtime = plan.boxes.get(from.isRuntime ? from.box : to.box);
  if (!kubelet || !runtime) return null;
  const y = kubelet.y + kubelet.h / 2;
  return oriented([[kubelet.x + kubelet.w, y], [runtime.x, y]], to.isRuntime);
}

/** Requests between Pods, and from a node to a Pod, name the objects themselves. */
const isTraffic = (name) => /^(pods|nodes)\//.test(name ?? "");

function trafficRoute(plan, places, { from, to }) {
  const [start, end] = [from, to].map((name) => middleOf(plan, places, name));
  if (!start || !end) return null;
  return from === to ? [[start[0] - 14, start[1]], end] : [start, [end[0], start[1]], end];
}

/** Where a Pod stands, or the kubelet of a node. */
function middleOf(plan, places, name) {
  const box = name.startsWith("nodes/") ? plan.boxes.get(`kubelet/${name.split("/").at(-1)}`) : podBox(places, name);
  return box ? [box.x + box.w / 2, box.y + box.h / 2] : null;
}

function podBox(places, id) {
  for (const { items } of places?.values() ?? []) {
    const found = items.find((item) => item.entry.id === id);
    if (found) return found;
  }
  return null;
}
