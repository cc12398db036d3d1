"""The lab's two kinds of queue on Redis Streams.

A standard queue is spread over a few streams, picked at random on both sides: like the shards of
SQS, each keeps its order and the whole does not. A FIFO queue has a stream for each message group.
What is in flight is what its stream's consumer group has pending, so that a message held by a dead
subscriber is claimed by another once the visibility timeout is over; a message group with one
pending gives out no other. Each call is one Lua script: it happens whole, or not at all.
"""
