"""LocalSubjectAccessReview: whether somebody may do something in one namespace. Answered by apiserver/reviews.py.

Source: pkg/registry/authorization/localsubjectaccessreview.
"""
from __future__ import annotations

from cluster.kinds._reviews import review

KIND = review("LocalSubjectAccessReview", group="authorization.k8s.io", namespaced=True,
              title={"en": "Whether somebody may do something in one namespace.", "zh": "某个用户在一个命名空间里是否可以做某件事。"})
