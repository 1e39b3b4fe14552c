"""SelfSubjectReview: who the API server takes you for. Answered by apiserver/reviews.py.

Source: pkg/registry/authentication/selfsubjectreview.
"""
from __future__ import annotations

from cluster.kinds._reviews import review

KIND = review("SelfSubjectReview", group="authentication.k8s.io",
              title={"en": "Who the API server takes you for.", "zh": "API 服务器认为你是谁。"})
