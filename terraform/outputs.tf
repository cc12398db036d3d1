output "url" {
  description = "Where the service is."
  value       = local.public_url
}

output "load_balancer" {
  description = "Its name, for public_url's name to point at."
  value       = aws_lb.public.dns_name
}

output "dashboard_url" {
  description = "Where rq-dashboard is, for dashboard_cidrs; its password is in the secret <name>/dashboard-password."
  value       = local.dashboard ? "${local.https ? "https" : "http"}://${aws_lb.public.dns_name}:${local.dashboard_port}" : null
}

output "region" {
  description = "The region."
  value       = data.aws_region.current.name
}

output "repository_url" {
  description = "Where images are pushed."
  value       = aws_ecr_repository.taskoverflow.repository_url
}

output "image_tag" {
  description = "The image that was rolled out last."
  value       = var.image_tag

  # Else it would already be said when only a part was applied.
  depends_on = [aws_ecs_service.of]
}

output "cluster" {
  description = "The ECS cluster."
  value       = aws_ecs_cluster.taskoverflow.name
}

output "services" {
  description = "The task definition of each service."
  value       = { for name, service in aws_ecs_service.of : name => service.task_definition }
}

output "migrate" {
  description = "What `aws ecs run-task` needs for the migration."
  value = {
    cluster         = aws_ecs_cluster.taskoverflow.name
    task_definition = terraform_data.migration.output
    network = {
      awsvpcConfiguration = {
        subnets        = local.vpc.private_subnets
        securityGroups = [aws_security_group.of["migrate"].id]
        assignPublicIp = local.public_address ? "ENABLED" : "DISABLED"
      }
    }
  }
}

output "queues" {
  description = "The URLs of the practical's queues and of their dead letters, with queue_lab."
  value = {
    for name, queue in aws_sqs_queue.of : name => { url = queue.url, dead_letters_url = aws_sqs_queue.dead_letters[name].url }
  }
}
