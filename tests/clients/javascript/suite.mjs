// What @kubernetes/client-node does with a sandbox: `node --test suite.mjs`, with KUBECONFIG naming its kubeconfig.
import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import {
  ApiException, AppsV1Api, Attach, BatchV1Api, CoreV1Api, Exec, KubeConfig, KubernetesObjectApi, Log, PatchStrategy,
  VersionApi, Watch, makeInformer, setHeaderOptions,
} from "@kubernetes/client-node";

const WITHIN_MS = 60_000;
const NAMESPACE = "javascript";
const config = new KubeConfig();
config.loadFromFile(process.env.KUBECONFIG);
const core = config.makeApiClient(CoreV1Api);
const apps = config.makeApiClient(AppsV1Api);
const batch = config.makeApiClient(BatchV1Api);

/** The first true value of `what`; rejects when none comes in time. */
async function until(what, about) {
  const end = Date.now() + WITHIN_MS;
  for (;;) {
    const found = await what();
    if (found) return found;
    assert.ok(Date.now() < end, `not in time: ${about}`);
    await pause(50);
  }
}

/** A stream that keeps what is written to it as `text`. */
function kept() {
  const stream = new PassThrough();
  stream.text = "";
  stream.on("data", (chunk) => { stream.text += chunk; });
  return stream;
}

const configMap = (name, data, labels = {}) => ({ metadata: { name, labels }, data });
const pod = (name, command) => ({
  metadata: { name, labels: { app: name } },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "app", image: "busybox:1", command }] },
});

async function running(name, command) {
  await core.createNamespacedPod({ namespace: NAMESPACE, body: pod(name, command) });
  await until(async () => {
    const found = await core.readNamespacedPod({ namespace: NAMESPACE, name });
    return found.status.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True");
  }, `${name} is Ready`);
}

/** The ApiException that a call ends with. */
async function refusal(call) {
  const error = await call.then(() => assert.fail("it was not refused"), (found) => found);
  assert.ok(error instanceof ApiException, String(error));
  return { code: error.code, ...JSON.parse(error.body) };
}

before(async () => {
  await core.createNamespace({ body: { metadata: { name: NAMESPACE } } });
  await until(() => core.readNamespacedServiceAccount({ namespace: NAMESPACE, name: "default" }).catch(() => null), "its service account");
});

after(async () => {
  await core.deleteNamespace({ name: NAMESPACE });
});

test("the version is told", async () => {
  const version = await config.makeApiClient(VersionApi).getCode();
  assert.equal(`${version.major}.${version.minor}`, "1.36");
});

test("objects are created, read, replaced, patched, listed and deleted", async () => {
  const made = await core.createNamespacedConfigMap({ namespace: NAMESPACE, body: configMap("crud", { a: "1" }, { of: "crud" }) });
  assert.ok(made.metadata.uid && made.metadata.creationTimestamp instanceof Date);
  made.data = { a: "2" };
  const replaced = await core.replaceNamespacedConfigMap({ namespace: NAMESPACE, name: "crud", body: made });
  assert.notEqual(replaced.metadata.resourceVersion, made.metadata.resourceVersion);
  const patched = await core.patchNamespacedConfigMap(
    { namespace: NAMESPACE, name: "crud", body: { data: { b: "3" } } }, setHeaderOptions("Content-Type", PatchStrategy.MergePatch));
  assert.deepEqual(patched.data, { a: "2", b: "3" });
  const listed = await core.listNamespacedConfigMap({ namespace: NAMESPACE, labelSelector: "of=crud" });
  assert.deepEqual(listed.items.map((item) => item.metadata.name), ["crud"]);
  await core.deleteNamespacedConfigMap({ namespace: NAMESPACE, name: "crud" });
  assert.equal((await refusal(core.readNamespacedConfigMap({ namespace: NAMESPACE, name: "crud" }))).reason, "NotFound");
});

test("refusals are exceptions with the server's Status", async () => {
  await core.createNamespacedConfigMap({ namespace: NAMESPACE, body: configMap("twice", {}) });
  const twice = await refusal(core.createNamespacedConfigMap({ namespace: NAMESPACE, body: configMap("twice", {}) }));
  assert.deepEqual([twice.code, twice.reason, twice.message], [409, "AlreadyExists", 'configmaps "twice" already exists']);
  const stale = configMap("twice", { a: "1" });
  stale.metadata.resourceVersion = "1";
  const conflict = await refusal(core.replaceNamespacedConfigMap({ namespace: NAMESPACE, name: "twice", body: stale }));
  assert.deepEqual([conflict.code, conflict.reason], [409, "Conflict"]);
  const invalid = await refusal(core.createNamespacedPod({ namespace: NAMESPACE, body: { metadata: { name: "none" }, spec: { containers: [] } } }));
  assert.equal(invalid.message, 'Pod "none" is invalid: spec.containers: Required value');
});

test("a manifest is applied on the server, and owned", async () => {
  const objects = KubernetesObjectApi.makeApiClient(config);
  const manifest = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "applied", namespace: NAMESPACE }, data: { a: "1" } };
  const apply = (body, force) => objects.patch(body, undefined, undefined, "suite", force, PatchStrategy.ServerSideApply);
  assert.equal((await apply(manifest)).metadata.managedFields[0].manager, "suite");
  const taken = { ...manifest, data: { a: "2" } };
  const conflict = await refusal(objects.patch(taken, undefined, undefined, "other", false, PatchStrategy.ServerSideApply));
  assert.match(conflict.message, /^Apply failed with 1 conflict: conflict with "suite": \.data\.a$/);
});

test("a watch tells of what is added, modified and deleted", async () => {
  const seen = [];
  let ended;
  const end = new Promise((resolve) => { ended = resolve; });
  const path = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
  const request = await new Watch(config).watch(path, { labelSelector: "of=watch" },
    (type, object) => seen.push(`${type} ${object.metadata.name} ${object.data?.a}`), ended);
  await core.createNamespacedConfigMap({ namespace: NAMESPACE, body: configMap("unseen", { a: "0" }) });
  await core.createNamespacedConfigMap({ namespace: NAMESPACE, body: configMap("watched", { a: "1" }, { of: "watch" }) });
  await core.replaceNamespacedConfigMap({ namespace: NAMESPACE, name: "watched", body: configMap("watched", { a: "2" }, { of: "watch" }) });
  await core.deleteNamespacedConfigMap({ namespace: NAMESPACE, name: "watched" });
  await until(() => seen.length >= 3, "three events");
  assert.deepEqual(seen, ["ADDED watched 1", "MODIFIED watched 2", "DELETED watched 2"]);
  request.abort();
  assert.equal((await end).name, "AbortError");
});

test("an informer keeps a copy and tells of additions, updates and deletions", async () => {
  const path = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
  const list = () => core.listNamespacedConfigMap({ namespace: NAMESPACE, labelSelector: "of=informer" });
  await core.createNamespacedConfigMap({ namespace: NAMESPACE, body: configMap("early", { a: "1" }, { of: "informer" }) });
  const informer = makeInformer(config, path, list, "of=informer");
  const seen = [];
  for (const verb of ["add", "update", "delete"]) informer.on(verb, (object) => seen.push(`${verb} ${object.metadata.name}`));
  informer.on("error", (error) => seen.push(`error ${error}`));
  await informer.start();
  assert.equal(informer.get("early", NAMESPACE).data.a, "1");
  await core.createNamespacedConfigMap({ namespace: NAMESPACE, body: configMap("late", { a: "1" }, { of: "informer" }) });
  await core.replaceNamespacedConfigMap({ namespace: NAMESPACE, name: "late", body: configMap("late", { a: "2" }, { of: "informer" }) });
  await core.deleteNamespacedConfigMap({ namespace: NAMESPACE, name: "early" });
  await until(() => seen.length >= 4, "four events");
  assert.deepEqual(seen, ["add early", "add late", "update late", "delete early"]);
  assert.deepEqual(informer.list(NAMESPACE).map((object) => object.data.a), ["2"]);
  await informer.stop();
});

test("an informer sees a Deployment's Pods come and go", async () => {
  const labels = { app: "rolled" };
  const informer = makeInformer(config, `/api/v1/namespaces/${NAMESPACE}/pods`,
    () => core.listNamespacedPod({ namespace: NAMESPACE, labelSelector: "app=rolled" }), "app=rolled");
  const counts = { add: 0, delete: 0 };
  for (const verb of ["add", "delete"]) informer.on(verb, () => { counts[verb] += 1; });
  await informer.start();
  const template = { metadata: { labels }, spec: pod("x", ["sleep", "1000"]).spec };
  const body = { metadata: { name: "rolled" }, spec: { replicas: 2, selector: { matchLabels: labels }, template } };
  await apps.createNamespacedDeployment({ namespace: NAMESPACE, body });
  await until(() => informer.list().filter((found) => found.status?.phase === "Running").length === 2, "two Pods run");
  await apps.deleteNamespacedDeployment({ namespace: NAMESPACE, name: "rolled" });
  await until(() => counts.delete === 2, "both are gone");
  assert.deepEqual(counts, { add: 2, delete: 2 });
  assert.deepEqual(informer.list(), []);
  await informer.stop();
});

/** What a command in the Pod writes, and the Status that it ends with. */
async function exec(name, command, stdin = null, tty = false) {
  const [stdout, stderr] = [kept(), kept()];
  const status = await new Promise((resolve, reject) => {
    new Exec(config).exec(NAMESPACE, name, "app", command, stdout, stderr, stdin, tty, resolve).catch(reject);
  });
  return { stdout: stdout.text, stderr: stderr.text, status };
}

test("exec gives a command's output, its errors and its exit code", async () => {
  await running("execs", ["sleep", "1000"]);
  const well = await exec("execs", ["sh", "-c", "echo out; echo err >&2"]);
  assert.deepEqual([well.stdout, well.stderr, well.status.status], ["out\n", "err\n", "Success"]);
  const ill = await exec("execs", ["sh", "-c", "exit 7"]);
  assert.deepEqual([ill.status.status, ill.status.reason], ["Failure", "NonZeroExitCode"]);
  assert.deepEqual(ill.status.details.causes, [{ reason: "ExitCode", message: "7" }]);
});

test("exec hands standard input to the command", async () => {
  await running("reads", ["sleep", "1000"]);
  const done = await exec("reads", ["sh", "-c", "read line; echo got $line"], Readable.from(["hello\n"]));
  assert.deepEqual([done.stdout, done.status.status], ["got hello\n", "Success"]);
});

test("exec of a Pod that is not there is refused", async () => {
  const stdout = kept();
  const failed = await new Exec(config).exec(NAMESPACE, "nobody", "app", ["true"], stdout, stdout, null, false).then(() => null, (error) => error);
  assert.match(String(failed?.message), /^Unexpected server response: 404$/);
});

test("attach follows the first process", async () => {
  await running("ticks", ["sh", "-c", "while true; do echo tick; sleep 1; done"]);
  const stdout = kept();
  const socket = await new Attach(config).attach(NAMESPACE, "ticks", "app", stdout, null, null, false);
  await until(() => stdout.text.includes("tick\ntick\n"), "two ticks");
  socket.close();
});

test("a log is read whole, in part, and followed to its end", async () => {
  const template = { spec: { restartPolicy: "Never", containers: [
    { name: "app", image: "busybox:1", command: ["sh", "-c", "for i in 1 2 3 4; do echo line $i; sleep 2; done"] }] } };
  await batch.createNamespacedJob({ namespace: NAMESPACE, body: { metadata: { name: "counts" }, spec: { template } } });
  const name = await until(async () => {
    const found = await core.listNamespacedPod({ namespace: NAMESPACE, labelSelector: "job-name=counts" });
    return found.items.find((item) => item.status.phase === "Running")?.metadata.name;
  }, "the Job's Pod runs");
  const followed = kept();
  await new Log(config).log(NAMESPACE, name, "app", followed, { follow: true });
  await once(followed, "end");
  assert.equal(followed.text, "line 1\nline 2\nline 3\nline 4\n");
  assert.equal(await core.readNamespacedPodLog({ namespace: NAMESPACE, name, tailLines: 1 }), "line 4\n");
  await until(async () => (await batch.readNamespacedJob({ namespace: NAMESPACE, name: "counts" })).status.succeeded === 1, "the Job has ended");
});
