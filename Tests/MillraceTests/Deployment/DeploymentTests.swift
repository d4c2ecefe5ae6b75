import API
import Core
import Foundation
import Server
import TestKit
import Testing
import Yams

/// The files of `deploy` agree with the server and with each other, as far as a machine without containers can tell.
@Suite struct DeploymentTests {
    private typealias Files = DeploymentFiles

    @Test func everyFileIsOneDocument() throws {
        let names = try Files.names(".yaml")
        #expect(names.count >= 7)
        for name in names { #expect(try !Files.yaml(name).members.isEmpty, "\(name)") }
    }

    /// `${NAME}` and `${NAME:?message}`, as the composition writes the values of its file of variables.
    private func filled(_ text: String) -> String { text.replacing(/\$\{\w+(:\?[^}]*)?\}/, with: "secret") }

    private func load(file: String? = nil, _ variables: [String: String]) throws -> SettingsValues {
        try SettingsLoader(registry: AllSettings.registry(), environment: variables).load(file: file)
    }

    @Test func theCompositionSetsSettingsThatExist() throws {
        for (name, service) in try Files.services() {
            let variables = service.at("environment").texts.filter { $0.key.hasPrefix("MILLRACE_") }
            let settings = try load(variables.mapValues(filled))
            guard !variables.isEmpty else { continue }
            #expect(settings[APISettings.host] == "0.0.0.0", "\(name)")
        }
    }

    @Test func theClusterSetsSettingsThatExist() throws {
        let directory = try TemporaryDirectory()
        let data = try Files.yaml(Files.configMap).at("data").texts
        let file = try #require(data["millrace.yaml"])
        #expect(data.count == 1)
        try file.write(toFile: directory.file("millrace.yaml"), atomically: true, encoding: .utf8)
        let settings = try load(file: directory.file("millrace.yaml"), Files.variables())
        #expect(settings[APISettings.host] == "0.0.0.0")
    }

    @Test func theContainerReadsTheMapAndTheSecretThatExist() throws {
        let pod = try Files.yaml(Files.deployment).at("spec", "template", "spec")
        let container = try Files.container()
        let map = try Files.yaml(Files.configMap).at("metadata", "name").text
        let secret = try Files.yaml(Files.secret).at("metadata", "name").text
        #expect(container.at("envFrom").elements.map { $0.at("secretRef", "name").text } == [secret])
        let volumes = pod.at("volumes").elements
        #expect(Set(volumes.map { $0.at("name").text }) == Set(mounts(container).keys))
        let settings = volumes.first { $0.at("configMap", "name").text == map }
        let place = mounts(container)[settings?.at("name").text ?? ""]
        #expect(try Files.variables()["MILLRACE_CONFIG"] == "\(place ?? "")/millrace.yaml")
        #expect(mounts(container).values.contains(try Files.variables()["MILLRACE_DATA"] ?? "none"))
    }

    private func mounts(_ container: Node) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: container.at("volumeMounts").elements.map {
                ($0.at("name").text, $0.at("mountPath").text)
            })
    }

    @Test func portsAgree() throws {
        let file = try #require(try Files.yaml(Files.configMap).at("data").texts["millrace.yaml"])
        #expect(file.contains("port: 8080"))
        let container = try Files.container()
        let port = try #require(container.at("ports").elements.first)
        #expect(port.at("containerPort").text == "8080")
        #expect(try Files.variables()["MILLRACE_API_PORT"] == "8080")
        let service = try #require(try Files.yaml("kubernetes/service.yaml").at("spec", "ports").elements.first)
        #expect(service.at("targetPort").text == port.at("name").text)
        let dockerfile = try Files.text("Dockerfile")
        #expect(dockerfile.contains("EXPOSE 8080\n") && dockerfile.contains("MILLRACE_API_PORT=8080"))

        let services = try Files.services()
        let instances = services.filter { $0.value.at("image").text.hasPrefix("millrace:") }
        #expect(instances.count >= 2)
        #expect(instances.allSatisfy { $0.value.at("environment", "MILLRACE_API_PORT").text == "8080" })
        let nginx = try Files.text("nginx.conf")
        let upstreams = nginx.matches(of: /server ([\w-]+):(\d+)\s/)
        #expect(Set(upstreams.map { String($0.1) }) == Set(instances.keys))
        #expect(upstreams.allSatisfy { $0.2 == "8080" })
        let proxy = try #require(services["nginx"])
        let listen = try #require(nginx.firstMatch(of: /listen (\d+);/)).1
        #expect(proxy.at("ports").elements.map(\.text) == ["\(listen):\(listen)"])
        #expect(proxy.at("healthcheck", "test").elements.last?.text.hasSuffix("/\(listen)") == true)
    }

    @Test func imagesHaveAVersion() throws {
        let images = try Files.images()
        #expect(images.count >= 8)
        for image in images {
            #expect(image.wholeMatch(of: /[a-z]+:\d+(\.\d+)*(-[a-z]+)?/) != nil, "\(image)")
            if image.hasPrefix("millrace:") { #expect(image == "millrace:\(Version.current)") }
        }
    }

    /// In seconds: what a stop may take is longer than what the server may need for it.
    @Test func nobodyIsKilledWhileRequestsAreFinished() throws {
        let map = try #require(try Files.yaml(Files.configMap).at("data").texts["millrace.yaml"])
        let drain = try Int(#require(map.firstMatch(of: /drain_timeout: (\d+)/)).1) ?? .max
        let pod = try Files.yaml(Files.deployment).at("spec", "template", "spec")
        let pause = try Files.container().at("lifecycle", "preStop", "exec", "command").elements
        #expect(pause.first?.text == "sleep")
        let seconds = Int(pause.last?.text ?? "") ?? .max
        // Two seconds are for what runs in the background.
        #expect(Int(pod.at("terminationGracePeriodSeconds").text) ?? 0 > seconds + drain / 1_000 + 2)
        for (name, service) in try Files.services() where service.at("image").text.hasPrefix("millrace:") {
            let drain = Int(service.at("environment", "MILLRACE_API_DRAIN_TIMEOUT").text) ?? .max
            let grace = Int(service.at("stop_grace_period").text.dropLast()) ?? 0
            #expect(grace > drain / 1_000 + 2, "\(name)")
        }
    }

    @Test func whoNeedsAServiceWaitsUntilItIsWell() throws {
        let services = try Files.services()
        let needs = services.mapValues { $0.at("depends_on").members }
        for (name, needed) in needs {
            for (other, condition) in needed {
                #expect(condition.at("condition").text == "service_healthy", "\(name) needs \(other)")
                #expect(services[other]?.at("healthcheck", "test").elements.isEmpty == false, "\(other)")
            }
        }
        #expect(needs["millrace-1"]?.keys.sorted() == ["postgres", "postgres-replica", "redis"])
        #expect(needs["nginx"]?.keys.sorted() == ["millrace-1", "millrace-2"])
    }

    @Test func volumesAndSecretsOfTheCompositionExist() throws {
        let composition = try Files.yaml(Files.compose)
        let declared = Set(composition.at("volumes").members.keys)
        for (name, service) in try Files.services() {
            for volume in service.at("volumes").elements.map(\.text) {
                let source = String(volume.split(separator: ":")[0])
                let isFile = source.hasPrefix("./")
                let exists =
                    isFile
                    ? FileManager.default.fileExists(atPath: Files.path(String(source.dropFirst(2))))
                    : declared.contains(source)
                #expect(exists, "\(name): \(source)")
            }
        }
        let used = Set(try Files.text(Files.compose).matches(of: /\$\{(\w+)/).map { String($0.1) })
        let given = Set(try Files.text("example.env").matches(of: /(?m)^(\w+)=/).map { String($0.1) })
        #expect(used == given)
    }

    @Test func objectsOfTheClusterSelectEachOther() throws {
        let deployment = try Files.yaml(Files.deployment)
        let labels = deployment.at("spec", "template", "metadata", "labels").texts
        #expect(deployment.at("spec", "selector", "matchLabels").texts == labels)
        #expect(try Files.yaml("kubernetes/service.yaml").at("spec", "selector").texts == labels)
        let budget = try Files.yaml("kubernetes/disruption-budget.yaml")
        #expect(budget.at("apiVersion").text == "policy/v1")
        #expect(budget.at("spec", "selector", "matchLabels").texts == labels)
        let scaler = try Files.yaml("kubernetes/autoscaler.yaml")
        #expect(scaler.at("apiVersion").text == "autoscaling/v2")
        #expect(scaler.at("spec", "scaleTargetRef", "name").text == deployment.at("metadata", "name").text)
        let (least, most) = (scaler.at("spec", "minReplicas").text, scaler.at("spec", "maxReplicas").text)
        #expect(deployment.at("spec", "replicas").text == least)
        #expect(Int(least) ?? 0 >= 2 && Int(most) ?? 0 > Int(least) ?? 0)
        for spread in deployment.at("spec", "template", "spec", "topologySpreadConstraints").elements {
            #expect(spread.at("labelSelector", "matchLabels").texts == labels)
        }
    }

    @Test func nothingRunsAsRoot() throws {
        let pod = try Files.yaml(Files.deployment).at("spec", "template", "spec", "securityContext").texts
        let user = try #require(pod["runAsUser"])
        #expect(pod["runAsNonRoot"] == "true")
        #expect(try Files.text("Dockerfile").contains("\nUSER \(user):\(user)\n"))
        let container = try Files.container().at("securityContext")
        #expect(container.at("allowPrivilegeEscalation").text == "false")
        #expect(container.at("readOnlyRootFilesystem").text == "true")
        #expect(container.at("capabilities", "drop").elements.map(\.text) == ["ALL"])
    }

    @Test func nginxHoldsTheLimitsOfTheServer() throws {
        let nginx = try Files.text("nginx.conf")
        #expect(APISettings.bulkBodyLimit.fallback == 16 << 20 && nginx.contains("client_max_body_size 16m;"))
        #expect(APISettings.headerLimit.fallback == 32 << 10)
        #expect(nginx.contains("large_client_header_buffers 4 32k;"))
        let idle = try #require(nginx.firstMatch(of: /keepalive_timeout (\d+)s;/)).1
        #expect((Int(idle) ?? .max) * 1_000 < APISettings.idleTimeout.fallback)
        #expect(!nginx.contains(/\n[^#\n]*non_idempotent/))
    }
}
