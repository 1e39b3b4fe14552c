// Prints the facts about upstream's Go types that its published schemas do not carry, one JSON object on standard output:
// the order of fields, what an empty one is left out of (omitempty, omitzero, pointers), and the Go type that error
// messages quote. cluster/meta/make_types.py merges them with the schemas into cluster/meta/types.json.
//
//	cd tools/types && go mod init types && go get k8s.io/client-go@v0.36.3 k8s.io/apiextensions-apiserver@v0.36.3 k8s.io/kube-aggregator@v0.36.3 && go run . > go_types.json
package main

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

type field struct {
	Name  string `json:"name"`
	Go    string `json:"go"`
	Flags string `json:"flags"` // e: omitempty, z: omitzero, p: pointer
	In    string `json:"in,omitempty"` // the embedded struct that holds it
	Type  any    `json:"type"`
	Merge string `json:"merge,omitempty"` // patchStrategy
	Key   string `json:"key,omitempty"`   // patchMergeKey
}

var structs = map[string]any{}

func definition(t reflect.Type) string {
	path := strings.Split(t.PkgPath(), "/")
	host := strings.Split(path[0], ".")
	for i, j := 0, len(host)-1; i < j; i, j = i+1, j-1 {
		host[i], host[j] = host[j], host[i]
	}
	return strings.Join(host, ".") + "." + strings.Join(append(path[1:], t.Name()), ".")
}

var unmarshaler = reflect.TypeOf((*json.Unmarshaler)(nil)).Elem()

func describe(t reflect.Type) any {
	if t.Kind() == reflect.Pointer {
		return describe(t.Elem())
	}
	if reflect.PointerTo(t).Implements(unmarshaler) {
		return map[string]any{"special": definition(t), "go": t.String()}
	}
	switch t.Kind() {
	case reflect.Struct:
		name := definition(t)
		walk(name, t)
		return map[string]any{"struct": name, "go": t.String()}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return map[string]any{"bytes": true, "go": t.String()}
		}
		return map[string]any{"list": describe(t.Elem()), "go": t.String(), "pointers": t.Elem().Kind() == reflect.Pointer}
	case reflect.Map:
		return map[string]any{"map": describe(t.Elem()), "go": t.String()}
	}
	return map[string]any{"scalar": t.Kind().String(), "go": t.String()}
}

func fields(t reflect.Type) []field {
	var found []field
	for i := range t.NumField() {
		f := t.Field(i)
		parts := strings.Split(f.Tag.Get("json"), ",")
		if parts[0] == "-" || !f.IsExported() {
			continue
		}
		if parts[0] == "" && f.Anonymous {
			for _, inner := range fields(f.Type) {
				inner.In = strings.TrimSuffix(f.Name+"."+inner.In, ".")
				found = append(found, inner)
			}
			continue
		}
		flags := ""
		for _, option := range parts[1:] {
			flags += map[string]string{"omitempty": "e", "omitzero": "z"}[option]
		}
		if f.Type.Kind() == reflect.Pointer {
			flags += "p"
		}
		found = append(found, field{parts[0], f.Type.String(), flags, "", describe(f.Type), f.Tag.Get("patchStrategy"), f.Tag.Get("patchMergeKey")})
	}
	return found
}

func walk(name string, t reflect.Type) {
	if _, done := structs[name]; done {
		return
	}
	structs[name] = nil
	structs[name] = map[string]any{"go": t.Name(), "fields": fields(t)}
}

func main() {
	apiextensions.AddToScheme(scheme.Scheme)
	apiregistration.AddToScheme(scheme.Scheme)
	kinds := map[string]string{}
	for kind, t := range scheme.Scheme.AllKnownTypes() {
		if kind.Version == "__internal" {
			continue
		}
		describe(t)
		kinds[kind.Group+"/"+kind.Version+"/"+kind.Kind] = definition(t)
	}
	describe(reflect.TypeOf(metav1.DeleteOptions{}))
	json.NewEncoder(os.Stdout).Encode(map[string]any{"kinds": kinds, "structs": structs})
}
