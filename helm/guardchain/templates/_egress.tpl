{{/* DNS, as an egress rule. */}}
{{- define "guardchain.dns" -}}
- to:
    {{- toYaml .Values.networkPolicy.dns.to | nindent 4 }}
  ports:
    - {port: {{ .Values.networkPolicy.dns.port }}, protocol: UDP}
    - {port: {{ .Values.networkPolicy.dns.port }}, protocol: TCP}
{{- end }}

{{/* Host of a URL; empty where it cannot be read. */}}
{{- define "guardchain.host" -}}
{{- $authority := regexReplaceAll "^[a-z]+://(?:[^/@]*@)?([^/?#]*).*$" . "${1}" -}}
{{- regexReplaceAll ":[0-9]+$" $authority "" | trimAll "[]" | trimSuffix "." -}}
{{- end }}

{{/* "yes" where a URL leads to a server of this release: (list . "vllm" "http://..."). */}}
{{- define "guardchain.own" -}}
{{- $root := index . 0 -}}
{{- $name := printf "%s-%s" (include "guardchain.fullname" $root) (index . 1) -}}
{{- $long := printf "%s.%s" $name $root.Release.Namespace -}}
{{- $host := include "guardchain.host" (index . 2) -}}
{{- if or (has $host (list $name $long (printf "%s.svc" $long))) (hasPrefix (printf "%s.svc." $long) $host) -}}yes{{- end -}}
{{- end }}

{{/* Where `config` sends the proxy, by upstream, `store`, `syslog` or `tracing`. */}}
{{- define "guardchain.urls" -}}
{{- $config := include "guardchain.config" . | fromYaml -}}
{{- $urls := dict -}}
{{- with ($config.store).url }}{{- $_ := set $urls "store" . }}{{- end -}}
{{- with ($config.tracing).endpoint }}{{- $_ := set $urls "tracing" . }}{{- end -}}
{{- if eq (($config.audit).sink | default "") "syslog" }}{{- $_ := set $urls "syslog" $config.audit.syslog }}{{- end -}}
{{- range $name, $upstream := $config.upstreams -}}
{{- if hasKey $upstream "base_url" }}{{- $_ := set $urls $name $upstream.base_url }}{{- end -}}
{{- end -}}
{{- toYaml $urls -}}
{{- end }}

{{/* The egress rules beside DNS: those of the URLs, those of networkPolicy.egress in their place and more. */}}
{{- define "guardchain.rules" -}}
{{- $rules := dict -}}
{{- $upstreams := (include "guardchain.config" . | fromYaml).upstreams -}}
{{- range $name, $url := include "guardchain.urls" . | fromYaml -}}
{{- if not (or (hasKey $.Values.networkPolicy.egress $name) (hasPrefix "unix:" $url)) -}}
{{- $what := ternary (printf "upstream %s" $name) (printf "the %s" $name) (hasKey $upstreams $name) -}}
{{- $_ := set $rules $name (include "guardchain.egress" (list $ $what $url $name) | fromYaml) -}}
{{- end -}}
{{- end -}}
{{- toYaml (merge $rules .Values.networkPolicy.egress) -}}
{{- end }}

{{/* A rule in words. */}}
{{- define "guardchain.words" -}}
{{- $peers := list -}}
{{- range .to -}}
{{- if .ipBlock -}}
{{- $public := has .ipBlock.cidr (list "0.0.0.0/0" "::/0") | ternary "every public address" .ipBlock.cidr -}}
{{- $peers = append $peers (ternary $public .ipBlock.cidr (not (not .ipBlock.except))) -}}
{{- else if .namespaceSelector -}}
{{- $name := index (.namespaceSelector.matchLabels | default dict) "kubernetes.io/metadata.name" -}}
{{- $peers = append $peers (ternary (printf "pods of namespace %s" $name) "pods of chosen namespaces" (not (not $name))) -}}
{{- else -}}
{{- $component := index ((.podSelector).matchLabels | default dict) "app.kubernetes.io/component" -}}
{{- $peers = append $peers (ternary (printf "this release's %s" $component) "pods of this namespace" (not (not $component))) -}}
{{- end -}}
{{- end -}}
{{- $ports := list -}}
{{- range .ports }}{{- $ports = append $ports (printf "%v/%s" .port (.protocol | default "TCP")) }}{{- end -}}
{{- $peers | default (list "anything") | uniq | join ", " }} on {{ $ports | default (list "any port") | join ", " -}}
{{- end }}

{{/* The rule that lets one URL be reached: (list . "what it is" "https://..." "its name in networkPolicy.egress"). */}}
{{- define "guardchain.egress" -}}
{{- $root := index . 0 -}}
{{- $host := include "guardchain.host" (index . 2) -}}
{{- $authority := regexReplaceAll "^[a-z]+://(?:[^/@]*@)?([^/?#]*).*$" (index . 2) "${1}" -}}
{{- if or (not $host) (contains "$" $host) -}}
{{- fail (printf "networkPolicy: the host of %s cannot be read from its URL; say in networkPolicy.egress where it is" (index . 1)) -}}
{{- end -}}
{{- $scheme := regexFind "^[a-z]+" (index . 2) -}}
{{- $ports := dict "http" 80 "https" 443 "redis" 6379 "rediss" 6379 "udp" 514 "tcp" 601 "tls" 6514 -}}
{{- $port := regexFind ":[0-9]+$" $authority | trimPrefix ":" | default (get $ports $scheme) -}}
{{- if and (regexMatch "\\.(local|internal|intranet|lan|corp|home\\.arpa)$" $host) (not (contains ".svc." $host)) -}}
{{- fail (printf "networkPolicy: %s is %s, a private name whose addresses a policy cannot know; say in networkPolicy.egress.%s where it is" (index . 1) $host (index . 3)) -}}
{{- end -}}
{{- /* Without TLS nobody speaks to the public: NAME.NAMESPACE is a Service. */ -}}
{{- $service := regexFind "^([^.]+\\.)+svc(\\.|$)" $host | trimSuffix "." | trimSuffix ".svc" -}}
{{- if and (not $service) (not (has $scheme (list "https" "rediss" "tls"))) (regexMatch "^[^.]+\\.[^.]+$" $host) -}}
{{- $service = $host -}}
{{- end -}}
ports:
  - {port: {{ $port }}, protocol: {{ ternary "UDP" "TCP" (eq $scheme "udp") }}}
to:
{{- if include "guardchain.own" (list $root "vllm" (index . 2)) }}
  - podSelector:
      matchLabels:
        {{- include "guardchain.selector" (list $root "vllm") | nindent 8 }}
{{- else if include "guardchain.own" (list $root "valkey" (index . 2)) }}
  - podSelector:
      matchLabels:
        {{- include "guardchain.selector" (list $root "valkey") | nindent 8 }}
{{- else if contains ":" $host }}
  - ipBlock: {cidr: "{{ $host }}/128"}
{{- else if regexMatch "^[0-9.]+$" $host }}
  - ipBlock: {cidr: {{ $host }}/32}
{{- else if not (contains "." $host) }}
  - podSelector: {}
{{- else if $service }}
  - namespaceSelector:
      matchLabels: {kubernetes.io/metadata.name: {{ splitList "." $service | last }}}
{{- else }}
  - ipBlock:
      cidr: 0.0.0.0/0
      except: [0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16]
  - ipBlock:
      cidr: "::/0"
      except: ["::1/128", "fc00::/7", "fe80::/10"]
{{- end }}
{{- end }}
