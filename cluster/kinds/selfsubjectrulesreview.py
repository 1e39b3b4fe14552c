"""SelfSubjectRulesReview: all that you may do in a namespace. Answered by apiserver/reviews.py.

Source: pkg/registry/authorization/selfsubjectrulesreview.
"""
from __future__ import annotations

from cluster.kinds._reviews import review

KIND = review("SelfSubjectRulesReview", group="authorization.k8s.io",
              title={"en": "All that you may do in a namespace.", "zh": "你在一个命名空间里可以做的全部事情。"})
