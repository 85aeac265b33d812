{{/* What the schema of the values cannot tell. */}}
{{- define "guardchain.validate" -}}
{{- $config := include "guardchain.config" . | fromYaml -}}
{{- with $config.Error -}}
{{- fail (printf "config is not YAML: %s" .) -}}
{{- end -}}
{{- if not $config.upstreams -}}
{{- fail "config.upstreams names no upstream: say where requests go (docs/kubernetes.md has values to start from)" -}}
{{- end -}}
{{- if not $config.surrogate_key -}}
{{- fail "config.surrogate_key is missing, so every replica would make stand-ins of its own: write ${GUARD_SURROGATE_KEY}" -}}
{{- end -}}
{{- include "guardchain.noSecrets" (list "config" $config) -}}
{{- if and .Values.existingSecret .Values.secrets -}}
{{- fail "existingSecret and secrets exclude each other: put everything into the one Secret" -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor.enabled .Values.metrics.podMonitor.enabled -}}
{{- fail "metrics.serviceMonitor and metrics.podMonitor would both scrape every pod: enable one" -}}
{{- end -}}
{{- with .Values.autoscaling -}}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) -}}
{{- fail "autoscaling.minReplicas is above maxReplicas" -}}
{{- end -}}
{{- if and .enabled (not .inflight) (not .cpu) -}}
{{- fail "autoscaling needs a metric: set inflight or cpu" -}}
{{- end -}}
{{- end -}}
{{- with .Values.vllm -}}
{{- if .enabled -}}
{{- if not (and .model .probes) -}}
{{- fail "vllm.enabled needs vllm.model and the vllm.probes made for it" -}}
{{- end -}}
{{- with .artifacts -}}
{{- if gt (len (compact (list .existingClaim .configMap .image))) 1 -}}
{{- fail "vllm.artifacts: existingClaim, configMap and image exclude each other" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* guard.yaml is in a ConfigMap: fails where a secret stands in it. (list "path" value) */}}
{{- define "guardchain.noSecrets" -}}
{{- $path := index . 0 -}}
{{- $value := index . 1 -}}
{{- if kindIs "map" $value -}}
{{- range $key, $below := $value -}}
{{- $at := printf "%s.%s" $path $key -}}
{{- if has $key (list "api_key" "secret" "surrogate_key" "old_surrogate_keys") -}}
{{- range (kindIs "slice" $below | ternary $below (list $below)) -}}
{{- if and (kindIs "string" .) (not (regexMatch "^\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}$" .)) -}}
{{- fail (printf "%s would be readable in a ConfigMap: write ${NAME}, and put NAME into the Secret" $at) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (eq $key "headers") (eq $path "config.tracing") -}}
{{- range $header, $text := $below -}}
{{- if not (regexMatch "^([A-Za-z]+ )?\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}$" (toString $text)) -}}
{{- fail (printf "%s.%s would be readable in a ConfigMap: write ${NAME}, and put NAME into the Secret" $at $header) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (eq $key "url") (kindIs "string" $below) (regexMatch "//[^/@]*:[^/@]+@" (regexReplaceAll "\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}" $below "")) -}}
{{- fail (printf "%s holds a password that would be readable in a ConfigMap: write ${NAME} for it, and put NAME into the Secret" $at) -}}
{{- end -}}
{{- include "guardchain.noSecrets" (list $at $below) -}}
{{- end -}}
{{- else if kindIs "slice" $value -}}
{{- range $index, $below := $value -}}
{{- include "guardchain.noSecrets" (list (printf "%s[%d]" $path $index) $below) -}}
{{- end -}}
{{- end -}}
{{- end -}}
