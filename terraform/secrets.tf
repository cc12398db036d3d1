# Passwords: drawn by Secrets Manager and written back to it without passing through the state or a
# plan. From there, and not from the draw, come the database's own password and the URLs: so they
# agree even when an apply broke off half-way.

locals {
  passwords = toset(["database", "redis", "dashboard"])

  password = { for name in local.passwords : name => var.own_passwords ?
  lookup(var.passwords, name) : ephemeral.aws_secretsmanager_secret_version.password[name].secret_string }

  database_user = "taskoverflow"
  database_name = "taskoverflow"
  urls = {
    # `require` encrypts. To check the server's certificate too, put AWS's bundle for RDS into the
    # image, and say sslmode=verify-full&sslrootcert=PATH.
    database-url = "postgresql://${local.database_user}:${local.password["database"]}@${aws_db_instance.database.address}:${local.database_port}/${local.database_name}?sslmode=require"
    redis-url    = local.elasticache ? "rediss://:${local.password["redis"]}@${local.redis_host}:${local.redis_port}/0" : "redis://:${local.password["redis"]}@${local.redis_host}:${local.redis_port}/0"
  }
  hosts = {
    database-url = aws_db_instance.database.address
    redis-url    = local.redis_host
  }

  # What a container's `secrets` take: this very version, so that a new one is a new task
  # definition, and rolled out.
  secret = merge(
    { for name, version in aws_secretsmanager_secret_version.password : "${name}-password" =>
    { arn = version.arn, value_from = "${version.arn}:::${version.version_id}" } },
    { for name, version in aws_secretsmanager_secret_version.url : name =>
    { arn = version.arn, value_from = "${version.arn}:::${version.version_id}" } },
    { for version in aws_secretsmanager_secret_version.api_tokens : "api-tokens" =>
    { arn = version.arn, value_from = "${version.arn}:::${version.version_id}" } },
  )
}

ephemeral "aws_secretsmanager_random_password" "new" {
  provider            = aws.passwords
  for_each            = var.own_passwords ? toset([]) : local.passwords
  password_length     = 48
  exclude_punctuation = true # it becomes part of a URL
}

resource "aws_secretsmanager_secret" "password" {
  #checkov:skip=CKV_AWS_149:AWS's own key encrypts it; a key of ours adds a monthly charge, and a Learner Lab may make none.
  #checkov:skip=CKV2_AWS_57:password_version renews it together with what has to know it; a rotation by itself would need a Lambda function for each.
  for_each                = local.passwords
  name                    = "${var.name}/${each.key}-password"
  description             = "Password of ${each.key}"
  recovery_window_in_days = var.deletion_protection ? 7 : 0
}

resource "aws_secretsmanager_secret_version" "password" {
  for_each                 = local.passwords
  secret_id                = aws_secretsmanager_secret.password[each.key].id
  secret_string_wo         = var.own_passwords ? lookup(var.passwords, each.key) : ephemeral.aws_secretsmanager_random_password.new[each.key].random_password
  secret_string_wo_version = var.password_version
}

ephemeral "aws_secretsmanager_secret_version" "password" {
  provider   = aws.passwords
  for_each   = var.own_passwords ? toset([]) : local.passwords
  secret_id  = aws_secretsmanager_secret_version.password[each.key].secret_id
  version_id = aws_secretsmanager_secret_version.password[each.key].version_id
}

resource "aws_secretsmanager_secret" "url" {
  #checkov:skip=CKV_AWS_149:As above.
  #checkov:skip=CKV2_AWS_57:As above.
  for_each                = local.hosts
  name                    = "${var.name}/${each.key}"
  description             = "The setting ${upper(replace(each.key, "-", "_"))} of app and worker"
  recovery_window_in_days = var.deletion_protection ? 7 : 0
}

# Written anew when the host changes, as that of a database set back from a backup does.
resource "terraform_data" "host" {
  for_each = local.hosts
  input    = each.value
}

resource "aws_secretsmanager_secret_version" "url" {
  for_each                 = local.hosts
  secret_id                = aws_secretsmanager_secret.url[each.key].id
  secret_string_wo         = local.urls[each.key]
  secret_string_wo_version = var.password_version

  lifecycle {
    replace_triggered_by = [terraform_data.host[each.key]]
  }
}

# Hashes of tokens: nothing that would have to be kept out of the state.

resource "aws_secretsmanager_secret" "api_tokens" {
  #checkov:skip=CKV_AWS_149:As above.
  #checkov:skip=CKV2_AWS_57:Tokens are renewed one by one, by those who have them.
  count                   = local.anonymous ? 0 : 1
  name                    = "${var.name}/api-tokens"
  description             = "The setting TASKOVERFLOW_API_TOKENS of app"
  recovery_window_in_days = var.deletion_protection ? 7 : 0
}

resource "aws_secretsmanager_secret_version" "api_tokens" {
  count         = local.anonymous ? 0 : 1
  secret_id     = aws_secretsmanager_secret.api_tokens[0].id
  secret_string = join(",", var.api_tokens)
}
