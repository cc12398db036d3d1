# ECS's role for starting the task: least privilege, by name of what it reads and writes.

data "aws_caller_identity" "current" {}

resource "aws_iam_role" "execution" {
  count = var.lab_role_arn == null ? 1 : 0
  name  = "${var.prefix}-${var.name}-start"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "execution" {
  count = var.lab_role_arn == null ? 1 : 0
  name  = "start"
  role  = aws_iam_role.execution[0].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.task.arn}:*"
      }],
      [for arn in var.repository_arn[*] : {
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = arn
      }],
      [for arn in var.repository_arn[*] : {
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*" # it is the account's, not a repository's
      }],
      length(var.secrets) == 0 ? [] : [{
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = sort(distinct([for secret in var.secrets : secret.arn]))
      }],
    )
  })
}
