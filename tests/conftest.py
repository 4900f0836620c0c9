"""One thread a test process: the tensors here are small, and threads that wait for each other cost ten times the work.

Measured on two cores: the laws of transport take 78 s with two threads beside other work, 10 s with one.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is imported
