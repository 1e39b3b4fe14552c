/** Owns what the last look into a Pod has found: its containers with their logs, mounts and files. */

import { signal } from "@preact/signals-core";
import { moment } from "../store.js";

/** {subject, data | null, error | null} */
export const seen = signal({ subject: null, data: null, error: null });

/** Names of the files in a volume of a Pod, as the last look found them; [] of another Pod, and in the past, of which nobody knows. */
export function filesIn(subject, volume) {
  const { data, subject: of } = seen.value;
  if (!data || of !== subject || !moment.value.isLive) return [];
  const lists = data.containers.flatMap(({ mounts }) => mounts).filter((mount) => mount.volume === volume).map(({ files }) => files);
  const fullest = lists.reduce((most, files) => (files.length > most.length ? files : most), []);
  return fullest.filter(({ sign }) => sign !== "d").map(({ path }) => path.split("/").at(-1));
}
