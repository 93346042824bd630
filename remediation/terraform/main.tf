# Mends what driftline found: {{ scan | line }}.
#
#   terraform init
#   terraform plan     shows what would be written; it does not show what is there now
#   terraform apply
#
# Steps that are not proven or wait for a person, and those that come after one, are left out without -var force=true.
#
# Nothing here looks whether a resource is still as it was scanned. `azapi_update_resource` reads it, merges these values into it
# and writes it. An `azapi_resource_action` with method PUT writes the whole body as it was scanned, with the changes: it stands
# where a merge would keep what is to be taken away, and overwrites what was changed since the scan.
#
# `terraform destroy` is no undo. It removes what `azapi_resource` created, and leaves alone what `azapi_update_resource` and
# `azapi_resource_action` did. The way back is undo.tf.txt, a configuration of its own. After it, throw away the state of this one.
{% include "provider.tf" %}

variable "force" {
  description = "Do the steps too that are not proven or wait for a person."
  type        = bool
  default     = false
}
{% include "blocks.tf" %}
