{% for step in steps %}

# {{ step.comments[0] | line }}
{% if step.why_not %}
left_out {{ step.id | q }} {{ step.key | q }} {{ step.why_not | line | q }}
{% else %}
if step {{ step.id | q }} {{ step.key | q }} {{ step.title | line | q }} {{ step.subscription | q }}{% for key in step.after %} {{ key | q }}{% endfor %}; then
    about{% for comment in step.comments[1:] %} \
        {{ comment | line | q }}{% endfor %}

    expect_nothing
{% for item in step.expected %}
{% if item.before == item.after %}
    rely {{ item.label | line | q }} \
        {{ item.after[0] | q }} {{ item.after[1] | q }}
{% else %}
    expect {{ item.label | line | q }} \
        {{ item.before[0] | q }} {{ item.before[1] | q }} \
        {{ item.after[0] | q }} {{ item.after[1] | q }} {{ item.both | q }}
{% endif %}
{% endfor %}
{% if step.kind == "set" %}
    change {{ step.url | q }} \
        {{ step.query | q }} {{ step.mark | q }}
{% elif step.kind == "create" %}
    create {{ step.url | q }} \
        {{ step.body | q }}
{% elif step.kind == "remove" %}
    remove {{ step.url | q }}
{% else %}
    call {{ step.url | q }} \
        {{ step.action | q }} \
        {{ step.body | q }}
{% endif %}
fi
{% endif %}
{% endfor %}
