# For some thousands: what fails in one zone goes on in the other.

app              = { cpu = 512, memory = 1024 }
app_count        = 2
app_count_max    = 6
worker           = { cpu = 1024, memory = 2048 }
worker_count     = 2
worker_count_max = 10

redis_mode              = "elasticache"
redis_node_type         = "cache.t4g.small"
redis_nodes             = 2
database_instance_class = "db.t4g.medium"
database_multi_az       = true
database_storage        = { gib = 50, max_gib = 200 }
