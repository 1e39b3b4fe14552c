"""TokenReview: whose token this is. Answered by apiserver/reviews.py.

Source: pkg/registry/authentication/tokenreview.
"""
from __future__ import annotations

from cluster.kinds._reviews import review

KIND = review("TokenReview", group="authentication.k8s.io",
              title={"en": "Whose token this is.", "zh": "一个 token 属于谁。"})
