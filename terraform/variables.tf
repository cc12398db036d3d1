# What you decide. Sizes that go together: examples/*.tfvars.

variable "image_tag" {
  type        = string
  description = "Tag of the image in the ECR repository, made by scripts/deploy: the commit."

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", var.image_tag)) && var.image_tag != "latest"
    error_message = "Must be a tag, and not `latest`: tags are immutable, so that a rollback finds what ran before."
  }
}

variable "name" {
  type        = string
  description = "Prefix of every name, and the name of the queue; two systems in one account need two."
  default     = "taskoverflow"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name)) && !strcontains(var.name, "--")
    error_message = "Must be 3 to 20 lower-case letters, digits and single hyphens, and begin with a letter: load balancers take 32 characters."
  }
}

variable "region" {
  type        = string
  description = "AWS region."
  default     = "us-east-1"
}

variable "deletion_protection" {
  type        = bool
  description = "Protects the database and the load balancer, keeps a last snapshot, and images and secrets for a while. To destroy the system, set it to false and apply first."
  default     = true
}

variable "log_retention_days" {
  type        = number
  description = "Days that logs are kept."
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "Must be one of the periods that CloudWatch Logs has: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545 or 731."
  }
}

# Learner Lab

variable "lab_role_name" {
  type        = string
  description = "An existing role for everything, such as a Learner Lab's `LabRole`; then no IAM resource is made."
  default     = null
}

variable "use_default_vpc" {
  type        = bool
  description = "Use the account's default VPC, whose subnets are public: no NAT gateway to pay for. The tasks then have public addresses, and security groups that let nobody in from outside."
  default     = false
}

# Network

variable "vpc_cidr" {
  type        = string
  description = "Addresses of the VPC."
  default     = "10.64.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && try(tonumber(split("/", var.vpc_cidr)[1]) <= 20, false)
    error_message = "Must be an IPv4 range of at least a /20, such as 10.64.0.0/16."
  }
}

variable "egress" {
  type        = string
  description = "How private subnets reach AWS's own services: `nat` (one gateway), `nat-per-zone`, or `endpoints` (no way to the internet at all)."
  default     = "nat"

  validation {
    condition     = contains(["nat", "nat-per-zone", "endpoints"], var.egress)
    error_message = "Must be nat, nat-per-zone or endpoints."
  }
  validation {
    condition     = var.egress != "endpoints" || var.redis_mode == "elasticache" || strcontains(var.redis_image, ".dkr.ecr.")
    error_message = "Without a way to the internet, redis_mode = \"ecs\" needs a redis_image in an ECR repository of yours."
  }
}

variable "allowed_cidrs" {
  type        = list(string)
  description = "Who may call the load balancer."
  default     = ["0.0.0.0/0"]

  validation {
    condition     = alltrue([for cidr in var.allowed_cidrs : can(cidrnetmask(cidr))])
    error_message = "Must be IPv4 ranges, such as 203.0.113.0/24."
  }
}

variable "certificate_arn" {
  type        = string
  description = "Certificate of ACM for the load balancer: HTTPS, and HTTP only redirects. Without one it is HTTP."
  default     = null

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:aws[a-z-]*:(acm|iam):", var.certificate_arn))
    error_message = "Must be the ARN of a certificate."
  }
}

variable "dashboard_cidrs" {
  type        = list(string)
  description = "Who may call rq-dashboard, on the load balancer's port 9181; with none, it does not run."
  default     = []

  validation {
    condition     = alltrue([for cidr in var.dashboard_cidrs : can(cidrnetmask(cidr)) && try(tonumber(split("/", cidr)[1]) >= 16, false)])
    error_message = "Must be IPv4 ranges of at most a /16, such as 203.0.113.7/32: the dashboard is not for the public."
  }
}

# Data

variable "database_instance_class" {
  type        = string
  description = "Size of the database."
  default     = "db.t4g.micro"
}

variable "database_storage" {
  type        = object({ gib = number, max_gib = number })
  description = "Storage of the database, and how far it may grow by itself, in GiB."
  default     = { gib = 20, max_gib = 100 }

  validation {
    condition     = var.database_storage.gib >= 20 && var.database_storage.max_gib >= var.database_storage.gib
    error_message = "gp3 begins at 20 GiB, and max_gib may not be less than gib."
  }
}

variable "database_multi_az" {
  type        = bool
  description = "Keep a second copy of the database in another zone that takes over when the first fails."
  default     = false
}

variable "database_backup_days" {
  type        = number
  description = "Days that the database's daily backups are kept, and to any second of which it can be set back."
  default     = 7

  validation {
    condition     = var.database_backup_days >= 1 && var.database_backup_days <= 35
    error_message = "Must be 1 to 35."
  }
}

variable "redis_mode" {
  type        = string
  description = "Where the queue lives: `elasticache`, or `ecs` where there is none, as in a Learner Lab."
  default     = "elasticache"

  validation {
    condition     = contains(["elasticache", "ecs"], var.redis_mode)
    error_message = "Must be elasticache or ecs."
  }
}

variable "redis_node_type" {
  type        = string
  description = "Size of an ElastiCache node."
  default     = "cache.t4g.micro"
}

variable "redis_nodes" {
  type        = number
  description = "ElastiCache nodes; from two on, another takes over when the first fails."
  default     = 1

  validation {
    condition     = var.redis_nodes >= 1 && var.redis_nodes <= 6
    error_message = "Must be 1 to 6."
  }
}

variable "redis_parameter_group_name" {
  type        = string
  description = "An existing parameter group with `maxmemory-policy noeviction`, instead of one of ours."
  default     = null
}

variable "redis_image" {
  type        = string
  description = "Image for redis_mode = \"ecs\"."
  default     = "public.ecr.aws/docker/library/redis:7-alpine"
}

variable "api_tokens" {
  type        = list(string)
  description = "Who may use the API: entries that `taskoverflow token new` prints. They hold hashes, and tell nothing of the tokens."
  default     = []
  sensitive   = true

  validation {
    condition     = length(var.api_tokens) > 0 || var.allow_anonymous
    error_message = "Give the entry of at least one token, or say allow_anonymous = true to let in whoever comes."
  }
}

variable "allow_anonymous" {
  type        = bool
  description = "Let in whoever reaches the load balancer."
  default     = false
}

variable "public_url" {
  type        = string
  description = "Where people reach the service, as https://todos.example.org, once its name points at the load balancer; with none, the load balancer's own name."
  default     = null

  validation {
    condition     = var.public_url == null || can(regex("^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$", var.public_url))
    error_message = "Must be a scheme and a name, without a path."
  }
}

variable "own_passwords" {
  type        = bool
  description = "Whether you give the passwords. If not, Secrets Manager draws them, and nobody ever sees them."
  default     = false
}

variable "passwords" {
  type        = object({ database = string, redis = string, dashboard = string })
  description = "The passwords, where own_passwords is true. Ephemeral: not in the state, so given at each apply."
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.passwords == null ? !var.own_passwords : alltrue([for word in values(var.passwords) : can(regex("^[A-Za-z0-9]{16,128}$", word))])
    error_message = "With own_passwords, give each of them 16 to 128 letters and digits: they become parts of URLs, and of ElastiCache's AUTH."
  }
}

variable "password_version" {
  type        = number
  description = "Raise it by one for new passwords: they are drawn, set and rolled out by the next apply."
  default     = 1
}

# Compute: Fargate's units, 1024 for a CPU, and MiB

variable "app" {
  type        = object({ cpu = number, memory = number, threads = optional(number, 20) })
  description = "Size of a web task. Each of its threads may hold a database connection."
  default     = { cpu = 256, memory = 512 }
}

variable "app_count" {
  type        = number
  description = "Web tasks at least."
  default     = 1

  validation {
    condition     = var.app_count >= 1 && var.app_count <= var.app_count_max
    error_message = "Must be at least 1, which also publishes the workers' metric, and at most app_count_max."
  }
}

variable "app_count_max" {
  type        = number
  description = "Web tasks at most."
  default     = 2
}

variable "app_requests_target" {
  type        = number
  description = "Requests per minute and web task above which another is started."
  default     = 3000
}

variable "worker" {
  type        = object({ cpu = number, memory = number, processes = optional(number, 1) })
  description = "Size of a worker task, and the worker processes in it: one per CPU."
  default     = { cpu = 256, memory = 512 }

  validation {
    condition     = var.worker.processes >= 1 && var.worker.processes <= 16
    error_message = "processes must be 1 to 16."
  }
}

variable "worker_count" {
  type        = number
  description = "Worker tasks at least."
  default     = 1

  validation {
    condition     = var.worker_count >= 1 && var.worker_count <= var.worker_count_max
    error_message = "Must be at least 1, since a worker also puts back what a dead one left, and at most worker_count_max."
  }
}

variable "worker_count_max" {
  type        = number
  description = "Worker tasks at most."
  default     = 6
}

variable "worker_backlog_target" {
  type        = number
  description = "Queued jobs per worker process above which another worker task is started."
  default     = 10
}

variable "worker_grace" {
  type        = number
  description = "Seconds that a worker told to stop gives its job before it is put back."
  default     = 90

  validation {
    condition     = var.worker_grace >= 0 && var.worker_grace <= 110
    error_message = "Must be 0 to 110: Fargate kills after 120 s, and the worker needs a few to say that it has put its job back."
  }
}

variable "app_settings" {
  type        = map(string)
  description = "More settings for app and worker, by the names in the project's README, such as TASKOVERFLOW_JOB_TIMEOUT."
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.app_settings) : startswith(name, "TASKOVERFLOW_") && !can(regex("PASSWORD|TOKEN|SECRET", name))])
    error_message = "Must be names that begin with TASKOVERFLOW_, and no secrets: a task definition is no place for those."
  }
}

# Alarms

variable "alarm_email" {
  type        = string
  description = "Who is told of alarms, after confirming AWS's first mail; with none, they only show."
  default     = null
}

variable "oldest_job_alarm" {
  type        = number
  description = "Seconds that a job may wait in the queue before there is an alarm."
  default     = 300
}

# The practical's queues

variable "queue_lab" {
  type        = bool
  description = "Make the SQS queues of `taskoverflow queue-lab`."
  default     = false
}
