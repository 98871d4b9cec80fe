/** Files as kubeasz of the 1.10 era leaves them on its hosts, with example addresses. The secrets in them open nothing. */

export const KEEPALIVED_MASTER = `global_defs {
    router_id lb-192.168.1.41
}

vrrp_script check-haproxy {
    script "killall -0 haproxy"
    interval 5
    weight -30
}

vrrp_instance VI-kube-master {
    state MASTER
    priority 120
    dont_track_primary
    interface eth0
    virtual_router_id 57
    advert_int 3
    track_script {
        check-haproxy
    }
    virtual_ipaddress {
        192.168.1.39
    }
}
`;

export const KEEPALIVED_UNICAST = `! written by hand
vrrp_instance VI_1
{
  state BACKUP   # 192.168.1.39 lives here
  interface eth0
  virtual_router_id 222
  priority 61
  unicast_src_ip 192.168.1.6
  unicast_peer { 192.168.1.7 }
  authentication {
    auth_type PASS
    auth_pass s3cret7
  }
  virtual_ipaddress {
    192.168.1.39/24 dev eth0 label eth0:vip  # the address of the cluster
    192.168.1.38/24 dev eth0
  }
  virtual_ipaddress_excluded {
    192.168.1.37
  }
  notify_master "/usr/local/bin/tell master"
}`;

export const KUBELET_KUBECONFIG = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUR3akNDQXFxZ0F3SUJBZ0lVUFNB
    server: https://192.168.1.39:8443
  name: default-cluster
contexts:
- context:
    cluster: default-cluster
    namespace: default
    user: default-auth
  name: default-context
current-context: default-context
kind: Config
preferences: {}
users:
- name: default-auth
  user:
    client-certificate: /etc/kubernetes/ssl/kubelet-client.crt
    client-key: /etc/kubernetes/ssl/kubelet-client.key
`;

export const ADMIN_KUBECONFIG = `apiVersion: v1
clusters:
- cluster: {certificate-authority-data: Q0E=, server: "https://192.168.1.39:8443"} # the VIP
  name: other
- cluster:
    certificate-authority-data: LS0tLS1CRUdJTg==
    server: 'https://192.168.1.39:8443'   # the VIP
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: admin
  name: kubernetes
- context: {cluster: other, user: admin}
  name: other
current-context: kubernetes
kind: Config
users:
- name: admin
  user:
    client-certificate-data: LS0tLS1CRUdJTiBDRVJU
    client-key-data: LS0tLS1CRUdJTiBSU0Eg
`;

export const INVENTORY = `# the cluster of building 7
[deploy]
192.168.1.41

[etcd]
192.168.1.41 NODE_NAME=etcd1 NODE_IP="192.168.1.41"
192.168.1.42 NODE_NAME=etcd2 NODE_IP="192.168.1.42" # rack 2

[kube-master]
192.168.1.41 NODE_IP="192.168.1.41"

[lb]
192.168.1.41 LB_IF="eth0" LB_ROLE=backup
192.168.1.42 LB_IF="eth0" LB_ROLE=master
[lb:vars]
master1="192.168.1.41:6443"	# first
ROUTER_ID=57           # from 0 to 255, unique on the segment
MASTER_PORT="8443"

[kube-node]
192.168.1.43 NODE_IP="192.168.1.43"

[all:vars]
# ---------Main Variables---------------
DEPLOY_MODE=multi-master
MASTER_IP="192.168.1.39"    # the VIP
KUBE_APISERVER = "https://192.168.1.39:8443"
BASIC_AUTH_PASS='test1234'
bin_dir="/root/local/bin"
`;

export const SIGNING_REQUEST = `{
  "CN": "kubernetes",
  "hosts": [
    "127.0.0.1",
    "192.168.1.39",
    "192.168.1.41",
    "10.68.0.1",
    "kubernetes",
    "kubernetes.default"
  ],
  "key": {
    "algo": "rsa",
    "size": 2048
  },
  "names": [
    {"C": "CN", "ST": "HangZhou", "L": "XS", "O": "k8s", "OU": "System"}
  ]
}
`;

export const HAPROXY = `global
        log /dev/log    local1 warning
        chroot /var/lib/haproxy
        stats socket /run/haproxy/admin.sock mode 660 level admin
        nbproc 1

defaults
        log     global
        timeout connect 5s

listen kube-master
        bind 0.0.0.0:8443
        mode tcp
        option tcplog
        balance source
        server s1 192.168.1.41:6443  check inter 10000 fall 2 rise 2 weight 1
        server s2 192.168.1.42:6443  check inter 10000 fall 2 rise 2 weight 1

frontend web # with comments
        bind *:80,[::]:80
        bind unix@/run/web.sock
        default_backend pages
backend pages
        server p1 192.168.1.50
`;
