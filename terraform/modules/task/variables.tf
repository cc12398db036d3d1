variable "name" {
  type        = string
  description = "Name of the container; also of the task definition's family and log group, with the prefix."
}

variable "prefix" {
  type        = string
  description = "Name of the system."
}

variable "image" {
  type = string
}

variable "repository_arn" {
  type        = string
  description = "The ECR repository of the image; null for a public image."
  default     = null
}

variable "entry_point" {
  type    = list(string)
  default = null
}

variable "command" {
  type = list(string)
}

variable "user" {
  type        = string
  description = "As whom it runs, where that is not the image's own user."
  default     = null
}

variable "environment" {
  type    = map(string)
  default = {}
}

variable "secrets" {
  type        = map(object({ arn = string, value_from = string }))
  description = "Secrets by environment variable."
  default     = {}
}

variable "health_check" {
  type        = list(string)
  description = "Command that says whether the container is well; null for none."
  default     = null
}

variable "cpu" {
  type        = number
  description = "In Fargate's units, 1024 for a CPU."

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096], var.cpu)
    error_message = "Must be 256, 512, 1024, 2048 or 4096."
  }
}

variable "memory" {
  type        = number
  description = "In MiB."

  validation {
    condition     = var.memory >= 2 * var.cpu && var.memory <= 8 * var.cpu
    error_message = "Fargate gives each 1024 units of CPU 2048 to 8192 MiB."
  }
}

variable "port" {
  type        = number
  description = "Where it listens; null for nowhere."
  default     = null
}

variable "stop_timeout" {
  type        = number
  description = "Seconds from SIGTERM to SIGKILL."
  default     = 30

  validation {
    condition     = var.stop_timeout <= 120
    error_message = "Fargate waits 120 s at most."
  }
}

variable "volume" {
  type        = object({ path = string, file_system_id = string, access_point_id = string })
  description = "A folder of EFS, and where it is mounted."
  default     = null
}

variable "log_retention_days" {
  type = number
}

variable "lab_role_arn" {
  type        = string
  description = "A role to use instead of one of its own."
  default     = null
}
