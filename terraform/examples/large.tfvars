# For a hundred thousand: nothing shared between zones that need not be.

app              = { cpu = 1024, memory = 2048, threads = 30 }
app_count        = 4
app_count_max    = 12
worker           = { cpu = 2048, memory = 4096, processes = 2 }
worker_count     = 4
worker_count_max = 30

egress                  = "nat-per-zone"
redis_mode              = "elasticache"
redis_node_type         = "cache.m7g.large"
redis_nodes             = 2
database_instance_class = "db.m7g.xlarge"
database_multi_az       = true
database_storage        = { gib = 200, max_gib = 1000 }
database_backup_days    = 14
