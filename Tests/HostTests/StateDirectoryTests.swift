import Glibc
import Testing

@testable import Host

extension HostTests {
    @Suite("State directory")
    struct StateDirectoryTests {
        /// Runs the body with a temporary directory.
        private func withDirectory(_ body: (String) throws -> Void) throws {
            var template = Array("/tmp/earshot-state-XXXXXX".utf8CString)
            let made = try #require(mkdtemp(&template))
            let path = String(cString: made)
            defer { removeTree(path) }
            try body(path)
        }

        private func removeTree(_ path: String) {
            if let directory = opendir(path) {
                while let entry = readdir(directory) {
                    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                    }
                    if name != ".", name != ".." { removeTree("\(path)/\(name)") }
                }
                closedir(directory)
            }
            remove(path)
        }

        private func mode(of path: String) -> mode_t {
            var status = stat()
            return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
        }

        @Test("the identity is created once and stored, and no other user can read it")
        func identity() throws {
            try withDirectory { base in
                let path = base + "/a/b"
                let seed: [UInt8]
                do {
                    let state = try StateDirectory(at: path)
                    seed = try state.identitySeed()
                    #expect(try state.identitySeed() == seed)
                }
                #expect(seed.count == 32)
                #expect(mode(of: path) == 0o700)
                #expect(mode(of: path + "/identity") == 0o600)
                let again = try StateDirectory(at: path)
                #expect(try again.identitySeed() == seed)
            }
        }

        @Test("a directory in use is refused, and accepted again once it is released")
        func locked() throws {
            try withDirectory { path in
                do {
                    let first = try StateDirectory(at: path)
                    #expect(
                        throws: HostError(
                            "state directory \(path) is in use by another earshot "
                                + "(start with another --name or --state DIR)")
                    ) {
                        let second = try StateDirectory(at: path)
                        _ = second.path
                    }
                    _ = first.path
                }
                let third = try StateDirectory(at: path)
                #expect(third.path == path)
            }
        }

        @Test("a key that other users can read, or that is damaged, is refused with advice")
        func badKey() throws {
            try withDirectory { path in
                let state = try StateDirectory(at: path)
                _ = try state.identitySeed()
                let file = state.path(of: "identity")
                chmod(file, 0o644)
                let open = try #require(throws: HostError.self) { _ = try state.identitySeed() }
                #expect(open.text.contains("chmod 600 \(file)"))
                chmod(file, 0o600)
                truncate(file, 5)
                let short = try #require(throws: HostError.self) { _ = try state.identitySeed() }
                #expect(short.text.contains("5 bytes instead of 32"))
            }
        }

        @Test("a path that is not a directory, or cannot be written to, is an error with advice")
        func unusable() throws {
            try withDirectory { base in
                let file = base + "/file"
                close(creat(file, 0o600))
                for path in [file, file + "/below", "/proc/none"] {
                    let error = try #require(throws: HostError.self) {
                        let state = try StateDirectory(at: path)
                        _ = state.path
                    }
                    #expect(error.text.contains("--state DIR"))
                    #expect(error.text.contains(path))
                }
            }
        }

        @Test(
            "no name leads outside the base directory, and different names stay different",
            arguments: [
                ("ana", "ana"), ("..", "%2E."), ("a/b", "a%2Fb"), ("", "%"), (".hidden", "%2Ehidden"),
                ("a%2Fb", "a%252Fb"),
                ("zoë", "zoë"), ("a\nb", "a%0Ab"), ("a.b", "a.b"),
            ])
        func names(_ name: String, _ safe: String) {
            #expect(StateDirectory.safeName(name) == safe)
        }
    }
}
