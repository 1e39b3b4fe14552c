"""Puts the referee's modules where it expects them: beside each other on the path."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "referee"))
