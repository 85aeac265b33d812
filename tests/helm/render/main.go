// Renders a Helm chart where the helm binary is not at hand: Go's own text/template with Sprig, and the functions and
// objects that Helm adds. For tests only; it knows one chart without subcharts.
//
//	render -chart DIR [-values FILE]... [-release NAME] [-namespace NAME] [-kube 1.33.0] [-api GROUP/VERSION/KIND]... [-objects FILE] [-upgrade]
//
// Prints one JSON object: template path to rendered text. Exit status 1 with one line when a template fails.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"gopkg.in/yaml.v2"
)

type object = map[string]interface{}

type list []string

func (l *list) String() string       { return strings.Join(*l, ",") }
func (l *list) Set(text string) error { *l = append(*l, text); return nil }

type versions []string

// Has is .Capabilities.APIVersions.Has.
func (v versions) Has(wanted string) bool {
	for _, have := range v {
		if have == wanted {
			return true
		}
	}
	return false
}

type files map[string][]byte

func (f files) Get(name string) string { return string(f[name]) }

func (f files) Glob(pattern string) files {
	found := files{}
	for name, data := range f {
		if ok, _ := path.Match(pattern, name); ok {
			found[name] = data
		}
	}
	return found
}

func main() {
	chart := flag.String("chart", "", "")
	release := flag.String("release", "release", "")
	namespace := flag.String("namespace", "default", "")
	kube := flag.String("kube", "1.33.0", "")
	objects := flag.String("objects", "", "a JSON list of what lookup finds in the cluster")
	upgrade := flag.Bool("upgrade", false, "")
	var values, apis list
	flag.Var(&values, "values", "")
	flag.Var(&apis, "api", "")
	flag.Parse()
	out, err := render(*chart, values, *objects, object{
		"Release": object{
			"Name": *release, "Namespace": *namespace, "Service": "Helm", "Revision": 1,
			"IsInstall": !*upgrade, "IsUpgrade": *upgrade,
		},
		"Capabilities": object{
			"KubeVersion": object{"Version": "v" + *kube, "GitVersion": "v" + *kube}, "APIVersions": versions(apis),
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(out)
}

func render(chart string, valueFiles []string, objects string, top object) (map[string]string, error) {
	meta, err := readYAML(filepath.Join(chart, "Chart.yaml"))
	if err != nil {
		return nil, err
	}
	top["Chart"] = object{}
	for key, value := range meta { // Helm shows the fields of a Go struct
		top["Chart"].(object)[strings.ToUpper(key[:1])+key[1:]] = value
	}
	merged, err := readYAML(filepath.Join(chart, "values.yaml"))
	if err != nil {
		return nil, err
	}
	for _, file := range valueFiles {
		more, err := readYAML(file)
		if err != nil {
			return nil, err
		}
		merged = merge(merged, more)
	}
	top["Values"] = merged
	var cluster []object
	if objects != "" {
		data, err := os.ReadFile(objects)
		if err == nil {
			err = json.Unmarshal(data, &cluster)
		}
		if err != nil {
			return nil, err
		}
	}
	all := files{}
	err = filepath.Walk(chart, func(name string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		relative, _ := filepath.Rel(chart, name)
		all[filepath.ToSlash(relative)], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		return nil, err
	}
	shown, prefix := files{}, meta["name"].(string)+"/"
	root := template.New("chart").Option("missingkey=zero")
	root.Funcs(functions(root, cluster))
	for name, data := range all {
		if !strings.HasPrefix(name, "templates/") {
			shown[name] = data
		} else if _, err := root.New(prefix + name).Parse(string(data)); err != nil {
			return nil, err
		}
	}
	top["Files"] = shown
	out := map[string]string{}
	for name := range all {
		if !strings.HasPrefix(name, "templates/") || strings.HasPrefix(path.Base(name), "_") {
			continue
		}
		top["Template"] = object{"Name": prefix + name, "BasePath": prefix + "templates"}
		var text bytes.Buffer
		if err := root.ExecuteTemplate(&text, prefix+name, top); err != nil {
			return nil, err
		}
		out[name] = strings.ReplaceAll(text.String(), "<no value>", "")
	}
	return out, nil
}

func functions(root *template.Template, cluster []object) template.FuncMap {
	funcs := sprig.TxtFuncMap()
	delete(funcs, "env")
	delete(funcs, "expandenv")
	depth := map[string]int{}
	funcs["include"] = func(name string, data interface{}) (string, error) {
		if depth[name]++; depth[name] > 1000 {
			return "", fmt.Errorf("%s includes itself without end", name)
		}
		defer func() { depth[name]-- }()
		var text strings.Builder
		err := root.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	funcs["tpl"] = func(text string, data interface{}) (string, error) {
		copied, err := root.Clone()
		if err != nil {
			return "", err
		}
		parsed, err := copied.New("tpl").Parse(text)
		if err != nil {
			return "", err
		}
		var out strings.Builder
		err = parsed.Execute(&out, data)
		return strings.ReplaceAll(out.String(), "<no value>", ""), err
	}
	funcs["required"] = func(message string, value interface{}) (interface{}, error) {
		if text, is := value.(string); value == nil || (is && text == "") {
			return nil, errors.New(message)
		}
		return value, nil
	}
	funcs["toYaml"] = func(value interface{}) string {
		text, err := toYAML(value)
		if err != nil {
			return ""
		}
		return strings.TrimSuffix(text, "\n")
	}
	funcs["fromYaml"] = func(text string) object {
		found := object{}
		if err := parseYAML([]byte(text), &found); err != nil {
			return object{"Error": err.Error()}
		}
		return found
	}
	funcs["fromYamlArray"] = func(text string) []interface{} {
		found := []interface{}{}
		if err := parseYAML([]byte(text), &found); err != nil {
			return []interface{}{err.Error()}
		}
		return found
	}
	funcs["fromJson"] = func(text string) object {
		found := object{}
		if err := json.Unmarshal([]byte(text), &found); err != nil {
			return object{"Error": err.Error()}
		}
		return found
	}
	funcs["lookup"] = func(version, kind, namespace, name string) object {
		for _, one := range cluster {
			meta, _ := one["metadata"].(object)
			if one["apiVersion"] == version && one["kind"] == kind && meta["namespace"] == namespace && meta["name"] == name {
				return one
			}
		}
		return object{}
	}
	return funcs
}

// merge lays `over` on `base` as Helm does: mappings by key, null removes, everything else replaces.
func merge(base, over object) object {
	for key, value := range over {
		below, both := base[key].(object)
		above, mapping := value.(object)
		switch {
		case value == nil:
			delete(base, key)
		case both && mapping:
			base[key] = merge(below, above)
		default:
			base[key] = value
		}
	}
	return base
}

func readYAML(name string) (object, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	found := object{}
	if err := parseYAML(data, &found); err != nil {
		return nil, fmt.Errorf("%s: %v", name, err)
	}
	return found, nil
}

// By way of JSON, as Helm does: all numbers are float64 in templates, and keys are text.
func parseYAML(data []byte, into interface{}) error {
	var found interface{}
	if err := yaml.UnmarshalStrict(data, &found); err != nil {
		return err
	}
	text, err := json.Marshal(plain(found))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func toYAML(value interface{}) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	var found interface{}
	if err := yaml.Unmarshal(text, &found); err != nil {
		return "", err
	}
	out, err := yaml.Marshal(found)
	return string(out), err
}

func plain(value interface{}) interface{} {
	switch found := value.(type) {
	case map[interface{}]interface{}:
		out := object{}
		for key, one := range found {
			out[fmt.Sprint(key)] = plain(one)
		}
		return out
	case []interface{}:
		for i := range found {
			found[i] = plain(found[i])
		}
	}
	return value
}
