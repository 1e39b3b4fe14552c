"""SelfSubjectAccessReview: whether you may do something. Answered by apiserver/reviews.py.

Source: pkg/registry/authorization/selfsubjectaccessreview.
"""
from __future__ import annotations

from cluster.kinds._reviews import review

KIND = review("SelfSubjectAccessReview", group="authorization.k8s.io",
              title={"en": "Whether you may do something.", "zh": "你是否可以做某件事。"})
