output "arn" {
  description = "The task definition with its revision."
  value       = aws_ecs_task_definition.task.arn

  # Without its policy the role cannot start a task.
  depends_on = [aws_iam_role_policy.execution]
}

output "container" {
  description = "The container definition."
  value       = local.container
}

output "execution_policy" {
  description = "What the role may do; null with lab_role_arn."
  value       = one(aws_iam_role_policy.execution[*].policy)
}
