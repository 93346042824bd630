apply=false only=''
{% if name == "fix.sh" %}
force=false
{% else %}
all=false
{% endif %}
while [ $# -gt 0 ]; do
    case $1 in
        --apply) apply=true ;;
{% if name == "fix.sh" %}
        --force) force=true ;;
{% else %}
        --all) all=true ;;
{% endif %}
        --only)
            case " $steps " in
                *" ${2:-} "*) only="$only $2" ;;
                *)
                    printf 'there is no step %s\n' "${2:-without an id}" >&2
                    exit 2
                    ;;
            esac
            shift
            ;;
        -h | --help)
            usage
            exit
            ;;
        *)
            usage >&2
            exit 2
            ;;
    esac
    shift
done
