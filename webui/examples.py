"""The example manifests that the page opens with: the seed's two, word for word, and one that shows a crash."""
from __future__ import annotations

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
]
