"""The example manifests that the page offers: the seed's two, word for word, one that shows a crash, and those of `examples/`."""
from __future__ import annotations

from django.conf import settings

NGINX = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: nginx-test
  labels:
    app: nginx-deploy
spec:
  selector:
    matchLabels:
      app: nginx
  replicas: 2
  template:
    metadata:
      labels:
        app: nginx
    spec:
      containers:
      - name: my-nginx
        image: nginx/nginx:v1
        imagePullPolicy: IfNotPresent
        ports:
        - containerPort: 80
"""
TOMCAT = """\
apiVersion: v1
kind: Pod
metadata:
  name: tomcat-test
  namespace: default
  labels:
    app:  tomcat
spec:
  containers:
  - name:  tomcat-java
    ports:
    - containerPort: 8080
    image: tomcat/tomcat-8.5-jre8:v1
  imagePullPolicy: IfNotPresent
"""
CRASH = """\
apiVersion: v1
kind: Pod
metadata:
  name: crasher
spec:
  containers:
  - name: app
    image: busybox:1
    command: [sh, -c, "echo boom; exit 1"]
"""
EXAMPLES = [
    {"name": "nginx-deploy.yaml", "text": NGINX,
     "title": {"en": "A Deployment that keeps two Pods", "zh": "保持两个 Pod 的 Deployment"}},
    {"name": "pod-tomcat.yaml", "text": TOMCAT,
     "title": {"en": "A bare Pod, with a mistake to find", "zh": "一个自主式 Pod，藏着一处错误"}},
    {"name": "crasher.yaml", "text": CRASH,
     "title": {"en": "A Pod whose container crashes", "zh": "容器不断崩溃的 Pod"}},
    *(
        {"name": name, "text": (settings.BASE_DIR / "examples" / name).read_text(), "title": {"en": english, "zh": chinese}}
        for name, english, chinese in (
            ("workloads.yaml", "Everything that keeps Pods, with its drawing", "所有维持 Pod 的工作负载及其图示"),
            ("probes.yaml", "Probes and hooks, and what follows from them", "探针与钩子，以及它们的后果"),
            ("git-sync.yaml", "A page from a Git repository on every replica", "每个副本都从 Git 仓库提供同一页面"),
            ("admission-policies.yaml", "Rules that change and refuse what is written", "更改并拒绝写入内容的规则"),
            ("log-collector.yaml", "Logs that a sidecar ships to a collector", "由 sidecar 送往收集器的日志"),
        )
    ),
]
