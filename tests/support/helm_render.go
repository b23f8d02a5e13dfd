// Renders a Helm chart as Helm does, with Go's templates and sprig: render CHART VALUES.json, which has the keys Values,
// Release and Chart. Files whose names begin with an underscore only define what others include.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"gopkg.in/yaml.v3"
)

func main() {
	var given map[string]interface{}
	text, err := os.ReadFile(os.Args[2])
	stop(err)
	stop(json.Unmarshal(text, &given))

	all := template.New("chart").Option("missingkey=zero")
	all.Funcs(sprig.TxtFuncMap()).Funcs(template.FuncMap{
		"include": func(name string, data interface{}) (string, error) {
			var out bytes.Buffer
			err := all.ExecuteTemplate(&out, name, data)
			return out.String(), err
		},
		"required": func(why string, value interface{}) (interface{}, error) {
			if value == nil || value == "" {
				return nil, errors.New(why)
			}
			return value, nil
		},
		"toYaml": func(value interface{}) (string, error) {
			out, err := yaml.Marshal(value)
			return strings.TrimSuffix(string(out), "\n"), err
		},
	})
	paths, err := filepath.Glob(filepath.Join(os.Args[1], "templates", "*"))
	stop(err)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		stop(err)
		_, err = all.New(filepath.Base(path)).Parse(string(text))
		stop(err)
	}
	for _, path := range paths {
		if name := filepath.Base(path); !strings.HasPrefix(name, "_") {
			fmt.Printf("\n---\n# Source: %s\n", name)
			stop(all.ExecuteTemplate(os.Stdout, name, given))
		}
	}
}

func stop(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
