"""What is in a text or a picture: pure functions and read-only tables, without database, network or clock.

Says what it finds, with offsets into what was written; what follows from it is the policy's business.
"""

import os

# Before NumPy is imported by what is below. Our products are small, and threads that wait for each other cost more than
# they bring; the processes are as many as the processors already.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
