# An AWS Academy Learner Lab: no IAM, no ElastiCache, a budget, and nothing in it to keep.

lab_role_name       = "LabRole"
use_default_vpc     = true
redis_mode          = "ecs"
deletion_protection = false
queue_lab           = true

database_instance_class = "db.t3.micro"
database_backup_days    = 1
log_retention_days      = 7
app_count_max           = 2
worker_count_max        = 3

# Nothing of anybody's is in it. For more than a look, make tokens.
allow_anonymous = true
