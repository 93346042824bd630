{% for step in steps %}

{% for comment in step.comments %}
# {{ comment | line }}
{% endfor %}
{% if step.why_not %}
# Left out: {{ step.why_not | line }}
{% else %}
resource "{{ step.kind }}" "{{ step.label }}" {
{% if step.held %}
  count = var.force ? 1 : 0

{% endif %}
{% for name, value in step.given.items() %}
  {{ name }} = {{ value | hcl(1) }}
{% endfor %}
{% if step.identity %}

  identity {
{% for name, value in step.identity.items() %}
    {{ name }} = {{ value | hcl(2) }}
{% endfor %}
  }
{% endif %}
{% if step.needs %}

  depends_on = [{{ step.needs | join(", ") }}]
{% endif %}
}
{% endif %}
{% endfor %}
