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
{{- if .Values.valkey.enabled -}}
{{- include "guardchain.valkeyServes" (list . $config) -}}
{{- end -}}
{{- include "guardchain.watched" (list . $config) -}}
{{- include "guardchain.writable" (list . "config.audit.path" (ternary ($config.audit).path "" (eq (($config.audit).sink | default "") "file"))) -}}
{{- include "guardchain.writable" (list . "config.store.path" ($config.store).path) -}}
{{- include "guardchain.rollout" . -}}
{{- include "guardchain.disruptions" . -}}
{{- with $config.server -}}
{{- range $name, $seconds := pick . "shutdown_seconds" "drain_delay_seconds" -}}
{{- if kindIs "string" $seconds -}}
{{- fail (printf "config.server.%s is a text (%s): how long a pod may take to stop is computed from it, so write the number" $name $seconds) -}}
{{- end -}}
{{- end -}}
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
{{- include "guardchain.vllmServes" (list $ $config) -}}
{{- end -}}
{{- end -}}
{{- if not .Values.existingSecret -}}
{{- $names := concat (keys .Values.secrets) (include "guardchain.randomKeys" . | splitList " ") -}}
{{- range .Values.extraEnv }}{{ $names = append $names .name }}{{ end -}}
{{- include "guardchain.set" (list "config" $config $names) -}}
{{- end -}}
{{- end -}}

{{/* Somebody must ask the chart's own servers: (list . config). */}}
{{- define "guardchain.vllmServes" -}}
{{- $root := index . 0 -}}
{{- $config := index . 1 -}}
{{- $names := list -}}
{{- range $name, $upstream := $config.upstreams -}}
{{- if include "guardchain.own" (list $root "vllm" (toString $upstream.base_url)) -}}
{{- $names = append $names $name -}}
{{- end -}}
{{- end -}}
{{- if not $names -}}
{{- fail (printf "vllm.enabled runs a server that no upstream of config names: add vllm: {kind: vllm, base_url: \"http://%s-vllm:8000\", secret: \"${GUARDCHAIN_VLLM_SECRET}\"} to upstreams, and a route to it" (include "guardchain.fullname" $root)) -}}
{{- end -}}
{{- $asked := splitList " " (include "guardchain.asked" (list $config.routes $config.policies)) -}}
{{- $found := "" -}}
{{- range $names }}{{ if has . $asked }}{{ $found = . }}{{ end }}{{ end -}}
{{- if not $found -}}
{{- fail (printf "vllm.enabled runs a server that nobody asks: name its upstream %s in a route, or as the scorer of a policy" (first $names)) -}}
{{- end -}}
{{- end -}}

{{/* The upstreams that routes and policies name, each followed by a space. */}}
{{- define "guardchain.asked" -}}
{{- if kindIs "map" . -}}
{{- range $key, $below := . -}}
{{- if and (has $key (list "upstream" "scorer")) (kindIs "string" $below) -}}
{{- printf "%s " $below -}}
{{- else -}}
{{- include "guardchain.asked" $below -}}
{{- end -}}
{{- end -}}
{{- else if kindIs "slice" . -}}
{{- range . }}{{ include "guardchain.asked" . }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "guardchain.valkeyServes" -}}
{{- $root := index . 0 -}}
{{- $config := index . 1 -}}
{{- $url := printf "redis://%s-valkey:6379/0" (include "guardchain.fullname" $root) -}}
{{- if ($config.store).path -}}
{{- fail "valkey.enabled and config.store.path exclude each other: the store is one of them" -}}
{{- end -}}
{{- if not (include "guardchain.own" (list $root "valkey" (toString ($config.store).url))) -}}
{{- fail (printf "valkey.enabled runs a store that config does not name: its store must be {url: \"%s\", password: \"${GUARDCHAIN_VALKEY_PASSWORD}\"}, or valkey.enabled false" $url) -}}
{{- end -}}
{{- end -}}

{{/* What reads /metrics must find it: (list . config). */}}
{{- define "guardchain.watched" -}}
{{- $values := (index . 0).Values -}}
{{- if eq (toString ((index . 1).metrics).enabled) "false" -}}
{{- range $name := list "serviceMonitor" "podMonitor" "prometheusRule" -}}
{{- if (index $values.metrics $name).enabled -}}
{{- fail (printf "metrics.%s needs the metrics that config.metrics.enabled: false turns off" $name) -}}
{{- end -}}
{{- end -}}
{{- if and $values.autoscaling.enabled $values.autoscaling.inflight -}}
{{- fail "autoscaling.inflight follows a metric that config.metrics.enabled: false turns off: set autoscaling.inflight: 0, and it follows the CPU" -}}
{{- end -}}
{{- end -}}
{{- if and $values.vllm.enabled $values.vllm.podMonitor.enabled $values.networkPolicy.enabled (not $values.vllm.scrapers) -}}
{{- fail "vllm.podMonitor: the network policy keeps Prometheus out of vLLM; name it in vllm.scrapers" -}}
{{- end -}}
{{- end -}}

{{/* A file that the proxy writes must lie on a volume: (list . "its key" "/its/path"). */}}
{{- define "guardchain.writable" -}}
{{- $values := (index . 0).Values -}}
{{- $path := index . 2 | default "" -}}
{{- /* A variable may stand for the file's name, or nobody here knows where it lies. */ -}}
{{- if and $path (not (or (hasPrefix "$" $path) (contains "$" (dir $path)))) $values.securityContext.readOnlyRootFilesystem -}}
{{- $found := hasPrefix "/tmp/" (clean $path) -}}
{{- range $values.extraVolumeMounts -}}
{{- if and (not .readOnly) (hasPrefix (printf "%s/" (trimSuffix "/" .mountPath)) (clean $path)) -}}
{{- $found = true -}}
{{- end -}}
{{- end -}}
{{- if not $found -}}
{{- fail (printf "%s is %s, on a root file system that cannot be written: mount a volume there (extraVolumes, extraVolumeMounts)" (index . 1) $path) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A variable that no pod has keeps all of them from starting: (list "path" value (list "NAME" ...)). */}}
{{- define "guardchain.set" -}}
{{- $path := index . 0 -}}
{{- $value := index . 1 -}}
{{- $names := index . 2 -}}
{{- if kindIs "map" $value -}}
{{- range $key, $below := $value }}{{ include "guardchain.set" (list (printf "%s.%s" $path $key) $below $names) }}{{ end -}}
{{- else if kindIs "slice" $value -}}
{{- range $index, $below := $value }}{{ include "guardchain.set" (list (printf "%s[%d]" $path $index) $below $names) }}{{ end -}}
{{- else if kindIs "string" $value -}}
{{- /* As guard.config reads it: $${ is the text ${, and ${NAME:-default} needs no NAME. */ -}}
{{- range regexFindAll "\\$(\\$\\{|\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\})" $value -1 -}}
{{- $name := . | trimPrefix "${" | trimSuffix "}" -}}
{{- /* The last of these come with the image, or from Kubernetes. */ -}}
{{- if not (or (hasPrefix "$" $name) (contains ":-" $name) (has $name $names) (regexMatch "^(HOME|HOSTNAME|LANG|PATH|PYTHON.*|KUBERNETES_.*)$" $name)) -}}
{{- fail (printf "%s names ${%s}, which no pod would have, and none would start: put %s into secrets, or into extraEnv; if something else sets it in the pods, write ${%s:-}" $path $name $name $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Old pods that may not go, and new ones that may not come: Kubernetes refuses that. */}}
{{- define "guardchain.rollout" -}}
{{- with .Values.strategy -}}
{{- $rolling := .rollingUpdate | default dict -}}
{{- $none := "^0+%?$" -}}
{{- if and (ne (toString .type) "Recreate") (regexMatch $none (toString $rolling.maxSurge)) (regexMatch $none (toString $rolling.maxUnavailable)) -}}
{{- fail "strategy.rollingUpdate: maxSurge and maxUnavailable are both 0, and no pod could ever be replaced" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A budget that never allows a disruption keeps nodes from being drained. */}}
{{- define "guardchain.disruptions" -}}
{{- with .Values.podDisruptionBudget -}}
{{- if and .enabled (kindIs "invalid" .minAvailable) (regexMatch "^0+%?$" (toString .maxUnavailable)) -}}
{{- fail (printf "podDisruptionBudget.maxUnavailable (%v) keeps all replicas: no node could be drained" .maxUnavailable) -}}
{{- end -}}
{{- end -}}
{{- $least := toString .Values.podDisruptionBudget.minAvailable -}}
{{- $replicas := ternary .Values.autoscaling.minReplicas .Values.replicaCount .Values.autoscaling.enabled | int -}}
{{- $kept := trimSuffix "%" $least | int -}}
{{- if hasSuffix "%" $least -}}
{{- $kept = divf (mul $kept $replicas) 100 | ceil | int -}}
{{- end -}}
{{- if and .Values.podDisruptionBudget.enabled $replicas (ge $kept $replicas) -}}
{{- fail (printf "podDisruptionBudget.minAvailable (%s) keeps all of %d replicas: no node could be drained" $least $replicas) -}}
{{- end -}}
{{- end -}}

{{/* guard.yaml is in a ConfigMap: fails where a secret stands in it. (list "path" value) */}}
{{- define "guardchain.noSecrets" -}}
{{- $path := index . 0 -}}
{{- $value := index . 1 -}}
{{- if kindIs "map" $value -}}
{{- range $key, $below := $value -}}
{{- $at := printf "%s.%s" $path $key -}}
{{- if has $key (list "api_key" "secret" "password" "surrogate_key" "old_surrogate_keys") -}}
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
{{- if and (eq $key "url") (kindIs "string" $below) (regexMatch "//[^@]*:[^@]+@|[?&]password=[^&]" (regexReplaceAll "\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}" $below "")) -}}
{{- fail (printf "%s holds a password that would be readable in a ConfigMap: write password: ${NAME} beside it, and put NAME into the Secret" $at) -}}
{{- end -}}
{{- if and (eq $key "base_url") (kindIs "string" $below) (regexMatch "//[^/]*@" $below) -}}
{{- fail (printf "%s holds a name or password that would be readable in a ConfigMap: write api_key: ${NAME}, and put NAME into the Secret" $at) -}}
{{- end -}}
{{- include "guardchain.noSecrets" (list $at $below) -}}
{{- end -}}
{{- else if kindIs "slice" $value -}}
{{- range $index, $below := $value -}}
{{- include "guardchain.noSecrets" (list (printf "%s[%d]" $path $index) $below) -}}
{{- end -}}
{{- end -}}
{{- end -}}
