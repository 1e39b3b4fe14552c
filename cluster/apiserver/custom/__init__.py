"""Custom resources: the kinds that a sandbox's CustomResourceDefinitions make it serve."""
