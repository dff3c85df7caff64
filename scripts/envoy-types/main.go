// Command envoy-types writes every protobuf descriptor that Envoy's API consists of into one gzipped
// FileDescriptorSet, from which scripts/generate-envoy-types.mjs makes the TypeScript modules.
//
// It is run only when Envoy is upgraded, never by users; the result is committed:
//
//	cd scripts/envoy-types
//	./run.sh                       # writes ../../src/envoy/descriptors.binpb.gz
//
// To upgrade: set the version of github.com/envoyproxy/go-control-plane/envoy in go.mod to the tag of the
// new Envoy (Envoy 1.40.0 is v1.40.0), run ./run.sh, and commit go.mod, go.sum and the descriptors.
//
// The same module versions always give the same bytes: files are in topological order with ties broken by
// name, encoded deterministically, and the gzip header carries neither a name nor a time.
package main

import (
	"compress/gzip"
	"log"
	"os"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: envoy-types OUTPUT.binpb.gz")
	}
	set := &descriptorpb.FileDescriptorSet{}
	seen := map[string]bool{}
	for _, path := range registeredPaths() {
		add(set, seen, path)
	}
	plain, err := proto.MarshalOptions{Deterministic: true}.Marshal(set)
	if err != nil {
		log.Fatalf("cannot encode the descriptor set: %v", err)
	}
	if err := writeGzip(os.Args[1], plain); err != nil {
		log.Fatalf("cannot write %s: %v", os.Args[1], err)
	}
	log.Printf("%d files, %d bytes before compression", len(set.File), len(plain))
}

// registeredPaths names every descriptor linked into this program, sorted.
func registeredPaths() []string {
	var paths []string
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		paths = append(paths, file.Path())
		return true
	})
	slices.Sort(paths)
	return paths
}

// add appends a file after everything it imports, as protoc orders a descriptor set.
func add(set *descriptorpb.FileDescriptorSet, seen map[string]bool, path string) {
	if seen[path] {
		return
	}
	seen[path] = true
	file, err := protoregistry.GlobalFiles.FindFileByPath(path)
	if err != nil {
		log.Fatalf("a file imports %s, which is not linked in: %v", path, err)
	}
	imports := file.Imports()
	for i := range imports.Len() {
		add(set, seen, imports.Get(i).Path())
	}
	set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
}

func writeGzip(path string, plain []byte) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	writer, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := writer.Write(plain); err != nil {
		return err
	}
	if err := writer.Close(); err != nil {
		return err
	}
	return file.Close()
}
