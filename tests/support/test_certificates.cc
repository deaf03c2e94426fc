#include "support/test_certificates.h"

#include <fstream>

#include <fmt/format.h>
#include <sys/stat.h>

#include "support/child_process.h"

namespace tailwater::test {
namespace {

Status make_authority(const TestCertificates& certificates, const std::string& name) {
  TW_TRY(run_command({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                      "-subj", "/CN=" + name, "-keyout", certificates.file(name + "-key.pem"),
                      "-out", certificates.file(name + ".pem")}));
  return {};
}

Status make_signed(const TestCertificates& certificates, const std::string& name,
                   const std::string& subject) {
  const std::string request = certificates.file(name + ".csr");
  const std::string extensions = certificates.file(name + ".ext");
  std::ofstream(extensions) << "subjectAltName=DNS:" << subject << "\n";
  TW_TRY(run_command({"openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + subject,
                      "-keyout", certificates.file(name + "-key.pem"), "-out", request}));
  TW_TRY(run_command({"openssl", "x509", "-req", "-in", request, "-CA", certificates.file("ca.pem"),
                      "-CAkey", certificates.file("ca-key.pem"), "-CAcreateserial", "-days", "30",
                      "-extfile", extensions, "-out", certificates.file(name + "-cert.pem")}));
  return {};
}

}  // namespace

Result<std::unique_ptr<TestCertificates>> TestCertificates::make() {
  auto certificates = std::make_unique<TestCertificates>();
  TW_TRY(make_authority(*certificates, "ca"));
  TW_TRY(make_authority(*certificates, "other-ca"));
  TW_TRY(make_signed(*certificates, "server", "localhost"));
  TW_TRY(make_signed(*certificates, "client", "client"));
  // Servers run as another user, and must read their key.
  TW_TRY(run_command({"chmod", "-R", "a+rX", certificates->folder()}));
  return certificates;
}

}  // namespace tailwater::test
