"""SubjectAccessReview: whether somebody may do something. Answered by apiserver/reviews.py.

Source: pkg/registry/authorization/subjectaccessreview.
"""
from __future__ import annotations

from cluster.kinds._reviews import review

KIND = review("SubjectAccessReview", group="authorization.k8s.io",
              title={"en": "Whether somebody may do something.", "zh": "某个用户是否可以做某件事。"})
