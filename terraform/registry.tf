resource "aws_ecr_repository" "taskoverflow" {
  #checkov:skip=CKV_AWS_136:ECR encrypts images with its own key; they hold no secrets.
  name                 = var.name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.deletion_protection

  image_scanning_configuration {
    scan_on_push = true
  }
}

# Enough to roll back to; each layer that they share is stored once.
resource "aws_ecr_lifecycle_policy" "taskoverflow" {
  repository = aws_ecr_repository.taskoverflow.name
  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "What lost its tag, or never had one"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 1 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "The newest 20"
        selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 20 }
        action       = { type = "expire" }
      },
    ]
  })
}
