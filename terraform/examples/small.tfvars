# For a handful of people: one of each, in one zone but for the load balancer.

app              = { cpu = 256, memory = 512 }
app_count        = 1
app_count_max    = 2
worker           = { cpu = 256, memory = 512 }
worker_count     = 1
worker_count_max = 2

redis_mode              = "elasticache"
redis_node_type         = "cache.t4g.micro"
database_instance_class = "db.t4g.micro"
