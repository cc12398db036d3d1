"""The practical's standard and FIFO queues, to look at."""
