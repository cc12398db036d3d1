# A role per kind of task, in modules/task: it may fetch the image, read that task's own secrets and
# write to that task's log. That is ECS's role, taken off again before the container starts; the
# containers themselves have none, since they call no AWS service.

data "aws_iam_role" "lab" {
  count = var.lab_role_name == null ? 0 : 1
  name  = var.lab_role_name
}
