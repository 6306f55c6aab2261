"""Renderers on a Ray cluster, behind the contract of `lofisup render-server`."""
